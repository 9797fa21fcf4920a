import { PROCESS_INSTANCE_QUERY } from '../../query/process-instance.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import { EngineError } from '../../state/engine.errors.js';
import { del, get, type Route, type RouteCall } from '../http/engine.router.js';
import { noContent, ok, type EngineResponse } from '../http/http.types.js';
import { boolean, optional } from '../http/json.reader.js';
import { presentActivityInstance, presentProcessInstance } from './process-instance.presenter.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound, raise } from '../http/rest.error.js';

/** `/process-instance`, without its variables. */
export function processInstanceRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(PROCESS_INSTANCE_QUERY, runtime.processInstances, (instance) =>
      presentProcessInstance(instance),
    ),
    get('/process-instance/:id', (call) => {
      const id = call.param('id');
      return ok(presentProcessInstance(runtime.findProcessInstance(id) ?? raise(unknownInstance(id))));
    }),
    del('/process-instance/:id', (call) => remove(runtime, call)),
    get('/process-instance/:id/activity-instances', (call) => {
      const id = call.param('id');
      return ok(presentActivityInstance(runtime.findActivityInstanceTree(id) ?? raise(unknownInstance(id))));
    }),
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
