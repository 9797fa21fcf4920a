import type { EngineState } from '../state/engine.state.js';
import { localVariables } from '../core/variable.scopes.js';
import type { Filter, Page, VariableFilter } from '../query/query.types.js';
import {
  filterRecords,
  type FilterRules,
  isLike,
  matchesVariable,
  pageOf,
  type SortKeys,
} from '../query/record.query.js';
import type { ExternalTaskRecord } from '../state/records.types.js';

export type ExternalTaskQuery = Filter<{
  externalTaskId: string;
  externalTaskIdIn: readonly string[];
  topicName: string;
  workerId: string;
  locked: true;
  notLocked: true;
  withRetriesLeft: true;
  noRetriesLeft: true;
  lockExpirationBefore: number;
  lockExpirationAfter: number;
  activityId: string;
  activityIdIn: readonly string[];
  executionId: string;
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processDefinitionName: string;
  processDefinitionNameLike: string;
  processVariables: readonly VariableFilter[];
  active: true;
  suspended: true;
  priorityHigherThanOrEquals: number;
  priorityLowerThanOrEquals: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'id'
    | 'lockExpirationTime'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'tenantId'
    | 'taskPriority'
    | 'createTime'
  >;

/** Filters of the tasks whose topics are listed. */
export type TopicNameQuery = Filter<{
  withLockedTasks: true;
  withUnlockedTasks: true;
  withRetriesLeft: true;
}>;

type SortKey = NonNullable<ExternalTaskQuery['sorting']>[number]['sortBy'];

const SORT_KEYS: SortKeys<ExternalTaskRecord, SortKey> = {
  id: (task) => task.id,
  lockExpirationTime: (task) => task.lockExpirationTime,
  processInstanceId: (task) => task.processInstanceId,
  processDefinitionId: (task) => task.processDefinitionId,
  processDefinitionKey: (task) => task.processDefinitionKey,
  tenantId: (task) => task.tenantId,
  taskPriority: (task) => task.priority,
  createTime: (task) => task.createTime,
};

/** The tasks that a query asks for, unsorted; by id or instance it looks at no others. */
export function findTasks(state: EngineState, query: ExternalTaskQuery, now: number): ExternalTaskRecord[] {
  return filterRecords(candidates(state, query), query, rules(state, now));
}

/** Sorts and cuts what {@link findTasks} found. */
export function pageTasks(tasks: ExternalTaskRecord[], query: ExternalTaskQuery): ExternalTaskRecord[] {
  return pageOf(tasks, query, SORT_KEYS);
}

function candidates(state: EngineState, query: ExternalTaskQuery): Iterable<ExternalTaskRecord> {
  if (query.externalTaskId !== undefined) {
    const task = state.tasks.get(query.externalTaskId);
    return task === undefined ? [] : [task];
  }
  return query.processInstanceId === undefined
    ? state.tasks.values()
    : state.tasksOf(query.processInstanceId);
}

function rules(state: EngineState, now: number): FilterRules<ExternalTaskRecord, ExternalTaskQuery> {
  const isLocked = (task: ExternalTaskRecord): boolean =>
    task.lockExpirationTime !== null && task.lockExpirationTime > now;
  const nameOf = (task: ExternalTaskRecord): string | null =>
    state.definition(task.processDefinitionId)?.record.name ?? null;
  return {
    externalTaskId: (task, id) => task.id === id,
    externalTaskIdIn: (task, ids) => ids.includes(task.id),
    topicName: (task, topic) => task.topicName === topic,
    workerId: (task, worker) => task.workerId === worker,
    locked: isLocked,
    notLocked: (task) => !isLocked(task),
    withRetriesLeft: (task) => task.retries !== 0,
    noRetriesLeft: (task) => task.retries === 0,
    lockExpirationBefore: (task, time) => task.lockExpirationTime !== null && task.lockExpirationTime < time,
    lockExpirationAfter: (task, time) => task.lockExpirationTime !== null && task.lockExpirationTime > time,
    activityId: (task, id) => task.activityId === id,
    activityIdIn: (task, ids) => ids.includes(task.activityId),
    executionId: (task, id) => task.executionId === id,
    processInstanceId: (task, id) => task.processInstanceId === id,
    processInstanceIdIn: (task, ids) => ids.includes(task.processInstanceId),
    processDefinitionId: (task, id) => task.processDefinitionId === id,
    processDefinitionKey: (task, key) => task.processDefinitionKey === key,
    processDefinitionKeyIn: (task, keys) => keys.includes(task.processDefinitionKey),
    processDefinitionName: (task, name) => nameOf(task) === name,
    processDefinitionNameLike: (task, pattern) => isLike(nameOf(task), pattern),
    processVariables: (task, filters) => {
      const root = state.instances.get(task.processInstanceId)?.root;
      if (root === undefined) return false;
      const variables = localVariables(root);
      return filters.every((filter) => matchesVariable(variables, filter));
    },
    active: (task) => !task.suspended,
    suspended: (task) => task.suspended,
    priorityHigherThanOrEquals: (task, priority) => task.priority >= priority,
    priorityLowerThanOrEquals: (task, priority) => task.priority <= priority,
    tenantIdIn: (task, tenants) => task.tenantId !== null && tenants.includes(task.tenantId),
  };
}
