import type {
  ExternalTaskLogQuery,
  HistoricIncidentQuery,
  HistoricUserTaskQuery,
} from '../core/engine-api.types.js';
import { type FilterRules, isLike, type SortKeys } from '../core/record.query.js';
import { duration, type SortKeyOf } from './history.queries.js';
import type {
  ExternalTaskLogRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
} from './records.types.js';

/** A record with the instance that it belongs to, whose keys some filters ask for. */
export interface OfInstance<R> {
  readonly record: R;
  readonly instance: HistoricInstanceRecord;
}

type HistoricIncident = OfInstance<HistoricIncidentRecord>;
type HistoricUserTask = OfInstance<HistoricUserTaskRecord>;

function isOneOf(value: string | null, wanted: readonly string[]): boolean {
  return value !== null && wanted.includes(value);
}

export const INCIDENT_RULES: FilterRules<HistoricIncident, HistoricIncidentQuery> = {
  incidentId: ({ record }, id) => record.id === id,
  incidentType: ({ record }, type) => record.incidentType === type,
  incidentMessage: ({ record }, message) => record.incidentMessage === message,
  incidentMessageLike: ({ record }, pattern) => isLike(record.incidentMessage, pattern),
  processDefinitionId: ({ record }, id) => record.processDefinitionId === id,
  processDefinitionKey: ({ instance }, key) => instance.processDefinitionKey === key,
  processDefinitionKeyIn: ({ instance }, keys) => keys.includes(instance.processDefinitionKey),
  processInstanceId: ({ record }, id) => record.processInstanceId === id,
  executionId: ({ record }, id) => record.executionId === id,
  activityId: ({ record }, id) => record.activityId === id,
  failedActivityId: ({ record }, id) => record.failedActivityId === id,
  causeIncidentId: ({ record }, id) => record.causeIncidentId === id,
  rootCauseIncidentId: ({ record }, id) => record.rootCauseIncidentId === id,
  configuration: ({ record }, id) => record.configuration === id,
  open: ({ record }) => record.state === 'OPEN',
  resolved: ({ record }) => record.state === 'RESOLVED',
  deleted: ({ record }) => record.state === 'DELETED',
  createTimeBefore: ({ record }, time) => record.incidentTimestamp < time,
  createTimeAfter: ({ record }, time) => record.incidentTimestamp > time,
  endTimeBefore: ({ record }, time) => record.endTime !== null && record.endTime < time,
  endTimeAfter: ({ record }, time) => record.endTime !== null && record.endTime > time,
  tenantIdIn: ({ record }, tenants) => isOneOf(record.tenantId, tenants),
};

export const INCIDENT_SORT_KEYS: SortKeys<HistoricIncident, SortKeyOf<HistoricIncidentQuery>> = {
  incidentId: ({ record }) => record.id,
  incidentMessage: ({ record }) => record.incidentMessage,
  createTime: ({ record }) => record.incidentTimestamp,
  endTime: ({ record }) => record.endTime,
  incidentType: ({ record }) => record.incidentType,
  executionId: ({ record }) => record.executionId,
  activityId: ({ record }) => record.activityId,
  processInstanceId: ({ record }) => record.processInstanceId,
  processDefinitionId: ({ record }) => record.processDefinitionId,
  processDefinitionKey: ({ instance }) => instance.processDefinitionKey,
  causeIncidentId: ({ record }) => record.causeIncidentId,
  rootCauseIncidentId: ({ record }) => record.rootCauseIncidentId,
  configuration: ({ record }) => record.configuration,
  tenantId: ({ record }) => record.tenantId,
  incidentState: ({ record }) => record.state,
};

export const USER_TASK_RULES: FilterRules<HistoricUserTask, HistoricUserTaskQuery> = {
  taskId: ({ record }, id) => record.id === id,
  processInstanceId: ({ record }, id) => record.processInstanceId === id,
  processInstanceBusinessKey: ({ instance }, key) => instance.businessKey === key,
  processDefinitionId: ({ record }, id) => record.processDefinitionId === id,
  processDefinitionKey: ({ record }, key) => record.processDefinitionKey === key,
  executionId: ({ record }, id) => record.executionId === id,
  activityInstanceIdIn: ({ record }, ids) => ids.includes(record.activityInstanceId),
  taskName: ({ record }, name) => record.name === name,
  taskDefinitionKey: ({ record }, id) => record.activityId === id,
  taskDefinitionKeyIn: ({ record }, ids) => ids.includes(record.activityId),
  taskDeleteReason: ({ record }, reason) => record.deleteReason === reason,
  taskAssignee: ({ record }, assignee) => record.assignee === assignee,
  finished: ({ record }) => record.endTime !== null,
  unfinished: ({ record }) => record.endTime === null,
  startedAfter: ({ record }, time) => record.startTime >= time,
  startedBefore: ({ record }, time) => record.startTime <= time,
  finishedAfter: ({ record }, time) => record.endTime !== null && record.endTime >= time,
  finishedBefore: ({ record }, time) => record.endTime !== null && record.endTime <= time,
  tenantIdIn: ({ record }, tenants) => isOneOf(record.tenantId, tenants),
};

export const USER_TASK_SORT_KEYS: SortKeys<HistoricUserTask, SortKeyOf<HistoricUserTaskQuery>> = {
  taskId: ({ record }) => record.id,
  activityInstanceID: ({ record }) => record.activityInstanceId,
  processDefinitionId: ({ record }) => record.processDefinitionId,
  processInstanceId: ({ record }) => record.processInstanceId,
  executionId: ({ record }) => record.executionId,
  duration: ({ record }) => duration(record),
  endTime: ({ record }) => record.endTime,
  startTime: ({ record }) => record.startTime,
  taskName: ({ record }) => record.name,
  taskDescription: ({ record }) => record.description,
  assignee: ({ record }) => record.assignee,
  owner: ({ record }) => record.owner,
  dueDate: ({ record }) => record.dueDate,
  followUpDate: ({ record }) => record.followUpDate,
  deleteReason: ({ record }) => record.deleteReason,
  taskDefinitionKey: ({ record }) => record.activityId,
  priority: ({ record }) => record.priority,
  tenantId: ({ record }) => record.tenantId,
};

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
