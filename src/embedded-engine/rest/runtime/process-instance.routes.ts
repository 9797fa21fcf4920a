import { PROCESS_INSTANCE_QUERY } from '../../query/process-instance.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import { EngineError } from '../../state/engine.errors.js';
import type { Route, RouteCall } from '../http/engine.router.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { boolean, optional } from '../http/json.reader.js';
import { presentActivityInstance, presentProcessInstance } from './process-instance.presenter.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';

/** `/process-instance`, without its variables. */
export function processInstanceRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(PROCESS_INSTANCE_QUERY, {
      find: (query) => runtime.findProcessInstances(query),
      count: (query) => runtime.countProcessInstances(query),
      present: (instance) => presentProcessInstance(instance),
    }),
    {
      method: 'GET',
      path: '/process-instance/:id',
      handle: (call) => {
        const instance = runtime.findProcessInstance(call.param('id'));
        if (instance === null) throw unknownInstance(call.param('id'));
        return ok(presentProcessInstance(instance));
      },
    },
    { method: 'DELETE', path: '/process-instance/:id', handle: (call) => remove(runtime, call) },
    {
      method: 'GET',
      path: '/process-instance/:id/activity-instances',
      handle: (call) => {
        const tree = runtime.findActivityInstanceTree(call.param('id'));
        if (tree === null) throw unknownInstance(call.param('id'));
        return ok(presentActivityInstance(tree));
      },
    },
  ];
}

function unknownInstance(id: string): Error {
  return notFound(`Process instance with id ${id} does not exist`);
}

async function remove(runtime: RuntimeService, call: RouteCall): Promise<EngineResponse> {
  const id = call.param('id');
  const isTrue = (name: string): boolean => optional(call.query, name, boolean) ?? false;
  const mustExist = optional(call.query, 'failIfNotExists', boolean) ?? true;
  // Only checked: the engine has no listeners to skip.
  isTrue('skipCustomListeners');
  try {
    await runtime.deleteProcessInstance(id, {
      deleteReason: null,
      skipIoMappings: isTrue('skipIoMappings'),
      skipSubprocesses: isTrue('skipSubprocesses'),
    });
  } catch (error) {
    if (!(error instanceof EngineError) || error.kind !== 'NotFound') throw error;
    if (mustExist) {
      const message = `No process instance found for id '${id}': processInstance is null`;
      throw notFound(message, error.engineCode);
    }
  }
  return noContent();
}
