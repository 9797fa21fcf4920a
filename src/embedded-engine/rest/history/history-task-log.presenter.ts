import type { ExternalTaskLogRecord, HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import { instanceFields } from './history.fields.js';

/** HistoricExternalTaskLogDto. */
export function presentTaskLog(
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
