import { HISTORIC_PROCESS_INSTANCE_QUERY } from '../../query/historic-process-instance.query.js';
import { EngineError } from '../../state/engine.errors.js';
import type { HistoryService } from '../../history/history.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { Route } from '../http/engine.router.js';
import { presentHistoricInstance } from './history-instance.presenter.js';
import { noContent, ok } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';

/** `/history/process-instance`. */
export function historicInstanceRoutes(history: HistoryService, runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(HISTORIC_PROCESS_INSTANCE_QUERY, {
      find: (query) => history.findInstances(query),
      count: (query) => history.countInstances(query),
      present: presentHistoricInstance,
    }),
    {
      method: 'GET',
      path: '/history/process-instance/:id',
      handle: (call) => {
        const instance = history.findInstance(call.param('id'));
        if (instance === null)
          throw notFound(`Historic process instance with id ${call.param('id')} does not exist`);
        return ok(presentHistoricInstance(instance));
      },
    },
    {
      method: 'DELETE',
      path: '/history/process-instance/:id',
      handle: async (call) => {
        const id = call.param('id');
        try {
          await runtime.deleteHistoricInstance(id);
        } catch (error) {
          if (error instanceof EngineError && error.kind === 'NotFound') throw notFound(error.message);
          throw error;
        }
        return noContent();
      },
    },
  ];
}
