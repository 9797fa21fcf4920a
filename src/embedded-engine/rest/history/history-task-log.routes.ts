import { HISTORIC_EXTERNAL_TASK_LOG_QUERY } from '../../query/historic-external-task-log.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { ExternalTaskLogRecord, HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import { get, type Route } from '../http/engine.router.js';
import { ok, textOrNoContent } from '../http/http.types.js';
import { notFound, raise } from '../http/rest.error.js';
import { queryRoutes } from '../query/query.routes.js';
import { instanceFields } from './history.fields.js';

/** `/history/external-task-log`. */
export function taskLogRoutes(history: HistoryService): readonly Route[] {
  const present = (entry: ExternalTaskLogRecord) =>
    presentTaskLog(entry, history.findInstance(entry.processInstanceId));
  return [
    ...queryRoutes(HISTORIC_EXTERNAL_TASK_LOG_QUERY, history.taskLog, present),
    get('/history/external-task-log/:id', (call) => {
      const id = call.param('id');
      const entry = history.findTaskLogEntry(id);
      return ok(present(entry ?? raise(notFound(`Historic external task log with id ${id} does not exist`))));
    }),
    get('/history/external-task-log/:id/error-details', (call) => {
      const id = call.param('id');
      const unknown = `No historic external task log found with id ${id}: historicExternalTaskLog is null`;
      const { errorDetails } = history.findTaskLogEntry(id) ?? raise(notFound(unknown));
      return textOrNoContent(errorDetails);
    }),
  ];
}

/** HistoricExternalTaskLogDto. */
function presentTaskLog(
  entry: ExternalTaskLogRecord,
  instance: HistoricInstanceRecord | null,
): Record<string, unknown> {
  return {
    id: entry.id,
    timestamp: formatDate(entry.timestamp),
    externalTaskId: entry.externalTaskId,
    topicName: entry.topicName,
    workerId: entry.workerId,
    priority: entry.priority,
    retries: entry.retries,
    errorMessage: entry.errorMessage,
    activityId: entry.activityId,
    activityInstanceId: entry.activityInstanceId,
    executionId: entry.executionId,
    processInstanceId: entry.processInstanceId,
    processDefinitionId: entry.processDefinitionId,
    processDefinitionKey: entry.processDefinitionKey,
    ...instanceFields(entry.processInstanceId, instance),
    tenantId: entry.tenantId,
    creationLog: entry.event === 'CREATED',
    failureLog: entry.event === 'FAILED',
    successLog: entry.event === 'SUCCESSFUL',
    deletionLog: entry.event === 'DELETED',
  };
}
