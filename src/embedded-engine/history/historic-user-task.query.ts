import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import { type FilterRules, isOneOf, type SortKeys } from '../query/record.query.js';
import type { HistoricUserTaskRecord } from '../state/records.types.js';
import { duration } from './duration.js';
import type { OfInstance } from './instance-history.types.js';

export type HistoricUserTaskQuery = Filter<{
  taskId: string;
  processInstanceId: string;
  processInstanceBusinessKey: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  executionId: string;
  activityInstanceIdIn: readonly string[];
  taskName: string;
  taskDefinitionKey: string;
  taskDefinitionKeyIn: readonly string[];
  taskDeleteReason: string;
  taskAssignee: string;
  finished: true;
  unfinished: true;
  startedAfter: number;
  startedBefore: number;
  finishedAfter: number;
  finishedBefore: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'taskId'
    | 'activityInstanceID'
    | 'processDefinitionId'
    | 'processInstanceId'
    | 'executionId'
    | 'duration'
    | 'endTime'
    | 'startTime'
    | 'taskName'
    | 'taskDescription'
    | 'assignee'
    | 'owner'
    | 'dueDate'
    | 'followUpDate'
    | 'deleteReason'
    | 'taskDefinitionKey'
    | 'priority'
    | 'tenantId'
  >;

type HistoricUserTask = OfInstance<HistoricUserTaskRecord>;

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
