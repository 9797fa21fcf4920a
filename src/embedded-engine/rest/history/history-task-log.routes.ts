import { HISTORIC_EXTERNAL_TASK_LOG_QUERY } from '../../query/historic-external-task-log.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { ExternalTaskLogRecord } from '../../state/records.types.js';
import type { Route } from '../http/engine.router.js';
import { presentTaskLog } from './history-task-log.presenter.js';
import { ok, textOrNoContent } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';

/** `/history/external-task-log`. */
export function taskLogRoutes(history: HistoryService): readonly Route[] {
  const present = (entry: ExternalTaskLogRecord): unknown =>
    presentTaskLog(entry, history.findInstance(entry.processInstanceId));
  return [
    ...queryRoutes(HISTORIC_EXTERNAL_TASK_LOG_QUERY, {
      find: (query) => history.findTaskLog(query),
      count: (query) => history.countTaskLog(query),
      present,
    }),
    {
      method: 'GET',
      path: '/history/external-task-log/:id',
      handle: (call) => {
        const entry = history.findTaskLogEntry(call.param('id'));
        if (entry === null)
          throw notFound(`Historic external task log with id ${call.param('id')} does not exist`);
        return ok(present(entry));
      },
    },
    {
      method: 'GET',
      path: '/history/external-task-log/:id/error-details',
      handle: (call) => {
        const id = call.param('id');
        const entry = history.findTaskLogEntry(id);
        if (entry === null) {
          throw notFound(
            `No historic external task log found with id ${id}: historicExternalTaskLog is null`,
          );
        }
        return textOrNoContent(entry.errorDetails);
      },
    },
  ];
}
