import type { EngineState } from '../state/engine.state.js';
import { localVariables } from '../core/variable.scopes.js';
import type { Filter, Page, VariableFilter } from '../query/query.types.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from '../query/record.query.js';
import type { UserTaskRecord } from '../state/records.types.js';

export type UserTaskQuery = Filter<{
  taskId: string;
  taskIdIn: readonly string[];
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processInstanceBusinessKey: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  executionId: string;
  activityInstanceIdIn: readonly string[];
  assignee: string;
  assigned: true;
  unassigned: true;
  name: string;
  nameLike: string;
  taskDefinitionKey: string;
  taskDefinitionKeyIn: readonly string[];
  taskDefinitionKeyLike: string;
  /** Of a user or a group that may claim it, as long as nobody has. */
  candidateUser: string;
  candidateGroup: string;
  priority: number;
  minPriority: number;
  maxPriority: number;
  createdAfter: number;
  createdBefore: number;
  dueAfter: number;
  dueBefore: number;
  processVariables: readonly VariableFilter[];
  active: true;
  suspended: true;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<
    | 'instanceId'
    | 'dueDate'
    | 'executionId'
    | 'assignee'
    | 'created'
    | 'description'
    | 'id'
    | 'name'
    | 'priority'
    | 'followUpDate'
    | 'tenantId'
  >;

type SortKey = NonNullable<UserTaskQuery['sorting']>[number]['sortBy'];

/** The filters of user tasks; some look at the instance in the state. */
export function userTaskRules(state: EngineState): FilterRules<UserTaskRecord, UserTaskQuery> {
  const keyOf = (task: UserTaskRecord): string =>
    state.definition(task.processDefinitionId)?.record.key ?? '';
  return {
    taskId: (task, id) => task.id === id,
    taskIdIn: (task, ids) => ids.includes(task.id),
    processInstanceId: (task, id) => task.processInstanceId === id,
    processInstanceIdIn: (task, ids) => ids.includes(task.processInstanceId),
    processInstanceBusinessKey: (task, key) =>
      state.instance(task.processInstanceId)?.header.businessKey === key,
    processDefinitionId: (task, id) => task.processDefinitionId === id,
    processDefinitionKey: (task, key) => keyOf(task) === key,
    processDefinitionKeyIn: (task, keys) => keys.includes(keyOf(task)),
    executionId: (task, id) => task.executionId === id,
    activityInstanceIdIn: (task, ids) => ids.includes(task.activityInstanceId),
    assignee: (task, assignee) => task.assignee === assignee,
    assigned: (task) => task.assignee !== null,
    unassigned: (task) => task.assignee === null,
    name: (task, name) => task.name === name,
    nameLike: (task, pattern) => isLike(task.name, pattern),
    taskDefinitionKey: (task, key) => task.activityId === key,
    taskDefinitionKeyIn: (task, keys) => keys.includes(task.activityId),
    taskDefinitionKeyLike: (task, pattern) => isLike(task.activityId, pattern),
    candidateUser: (task, user) => task.assignee === null && task.candidateUsers.includes(user),
    candidateGroup: (task, group) => task.assignee === null && task.candidateGroups.includes(group),
    priority: (task, priority) => task.priority === priority,
    minPriority: (task, priority) => task.priority >= priority,
    maxPriority: (task, priority) => task.priority <= priority,
    createdAfter: (task, time) => task.createTime > time,
    createdBefore: (task, time) => task.createTime < time,
    dueAfter: (task, time) => task.dueDate !== null && task.dueDate > time,
    dueBefore: (task, time) => task.dueDate !== null && task.dueDate < time,
    processVariables: (task, filters) => {
      const root = state.instances.get(task.processInstanceId)?.root;
      if (root === undefined) return false;
      const variables = localVariables(root);
      return filters.every((filter) => matchesVariable(variables, filter));
    },
    active: (task) => !task.suspended,
    suspended: (task) => task.suspended,
    tenantIdIn: (task, tenants) => task.tenantId !== null && tenants.includes(task.tenantId),
    withoutTenantId: (task) => task.tenantId === null,
  };
}

export const USER_TASK_SORT_KEYS: SortKeys<UserTaskRecord, SortKey> = {
  instanceId: (task) => task.processInstanceId,
  dueDate: (task) => task.dueDate,
  executionId: (task) => task.executionId,
  assignee: (task) => task.assignee,
  created: (task) => task.createTime,
  description: (task) => task.description,
  id: (task) => task.id,
  name: (task) => task.name,
  priority: (task) => task.priority,
  followUpDate: (task) => task.followUpDate,
  tenantId: (task) => task.tenantId,
};
