import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import { type FilterRules, isOneOf, type SortKeys } from '../query/record.query.js';
import type { ExternalTaskLogRecord } from '../state/records.types.js';

export type ExternalTaskLogQuery = Filter<{
  logId: string;
  externalTaskId: string;
  topicName: string;
  workerId: string;
  errorMessage: string;
  activityIdIn: readonly string[];
  activityInstanceIdIn: readonly string[];
  executionIdIn: readonly string[];
  processInstanceId: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  tenantIdIn: readonly string[];
  priorityHigherThanOrEquals: number;
  priorityLowerThanOrEquals: number;
  creationLog: true;
  failureLog: true;
  successLog: true;
  deletionLog: true;
}> &
  Page<
    | 'timestamp'
    | 'externalTaskId'
    | 'retries'
    | 'priority'
    | 'topicName'
    | 'workerId'
    | 'activityId'
    | 'activityInstanceId'
    | 'executionId'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'tenantId'
  >;

export const TASK_LOG_RULES: FilterRules<ExternalTaskLogRecord, ExternalTaskLogQuery> = {
  logId: (record, id) => record.id === id,
  externalTaskId: (record, id) => record.externalTaskId === id,
  topicName: (record, name) => record.topicName === name,
  workerId: (record, id) => record.workerId === id,
  errorMessage: (record, message) => record.errorMessage === message,
  activityIdIn: (record, ids) => ids.includes(record.activityId),
  activityInstanceIdIn: (record, ids) => ids.includes(record.activityInstanceId),
  executionIdIn: (record, ids) => ids.includes(record.executionId),
  processInstanceId: (record, id) => record.processInstanceId === id,
  processDefinitionId: (record, id) => record.processDefinitionId === id,
  processDefinitionKey: (record, key) => record.processDefinitionKey === key,
  tenantIdIn: (record, tenants) => isOneOf(record.tenantId, tenants),
  priorityHigherThanOrEquals: (record, priority) => record.priority >= priority,
  priorityLowerThanOrEquals: (record, priority) => record.priority <= priority,
  creationLog: (record) => record.event === 'CREATED',
  failureLog: (record) => record.event === 'FAILED',
  successLog: (record) => record.event === 'SUCCESSFUL',
  deletionLog: (record) => record.event === 'DELETED',
};

export const TASK_LOG_SORT_KEYS: SortKeys<ExternalTaskLogRecord, SortKeyOf<ExternalTaskLogQuery>> = {
  timestamp: (record) => record.timestamp,
  externalTaskId: (record) => record.externalTaskId,
  retries: (record) => record.retries,
  priority: (record) => record.priority,
  topicName: (record) => record.topicName,
  workerId: (record) => record.workerId,
  activityId: (record) => record.activityId,
  activityInstanceId: (record) => record.activityInstanceId,
  executionId: (record) => record.executionId,
  processInstanceId: (record) => record.processInstanceId,
  processDefinitionId: (record) => record.processDefinitionId,
  processDefinitionKey: (record) => record.processDefinitionKey,
  tenantId: (record) => record.tenantId,
};
