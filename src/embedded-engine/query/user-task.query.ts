import type { UserTaskRecord } from '../state/records.types.js';
import {
  above,
  atLeast,
  atMost,
  below,
  equals,
  isFalse,
  isNull,
  isSet,
  isTrue,
  like,
  oneOf,
  where,
} from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { matchesVariables } from './define/variable.filter.js';
import type { QueryContext } from './query.context.js';

/** Open user tasks. */
export const USER_TASK_QUERY = defineQuery<UserTaskRecord, QueryContext>()({
  path: '/task',
  filters: {
    taskId: equals('id'),
    taskIdIn: oneOf('id'),
    processInstanceId: equals('processInstanceId'),
    processInstanceIdIn: oneOf('processInstanceId'),
    processInstanceBusinessKey: where(
      'text',
      ({ processInstanceId }, key, state) => state.businessKeyOf(processInstanceId) === key,
    ),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: where('text', (task, key, state) => keyOf(task, state) === key),
    processDefinitionKeyIn: where('list', (task, keys, state) => keys.includes(keyOf(task, state))),
    executionId: equals('executionId'),
    activityInstanceIdIn: oneOf('activityInstanceId'),
    assignee: equals('assignee'),
    assigned: isSet('assignee'),
    unassigned: isNull('assignee'),
    name: equals('name'),
    nameLike: like('name'),
    taskDefinitionKey: equals('activityId'),
    taskDefinitionKeyIn: oneOf('activityId'),
    taskDefinitionKeyLike: like('activityId'),
    /** A user or a group that may claim the task, as long as it has no assignee. */
    candidateUser: where(
      'text',
      ({ assignee, candidateUsers }, user) => assignee === null && candidateUsers.includes(user),
    ),
    candidateGroup: where(
      'text',
      ({ assignee, candidateGroups }, group) => assignee === null && candidateGroups.includes(group),
    ),
    priority: equals('priority', 'integer'),
    minPriority: atLeast('priority', 'integer'),
    maxPriority: atMost('priority', 'integer'),
    createdAfter: above('createTime'),
    createdBefore: below('createTime'),
    dueAfter: above('dueDate'),
    dueBefore: below('dueDate'),
    processVariables: where('variables', ({ processInstanceId }, filters, state) =>
      matchesVariables((name) => state.variableOf(processInstanceId, name), filters),
    ),
    active: isFalse('suspended'),
    suspended: isTrue('suspended'),
    tenantIdIn: oneOf('tenantId'),
    withoutTenantId: isNull('tenantId'),
  },
  sort: {
    instanceId: 'processInstanceId',
    dueDate: 'dueDate',
    executionId: 'executionId',
    assignee: 'assignee',
    created: 'createTime',
    description: 'description',
    id: 'id',
    name: 'name',
    priority: 'priority',
    followUpDate: 'followUpDate',
    tenantId: 'tenantId',
  },
  unserved: `
    assigneeExpression assigneeIn assigneeLike assigneeLikeExpression assigneeNotIn candidateGroupExpression
    candidateGroupLike candidateGroups candidateGroupsExpression candidateUserExpression caseDefinitionId
    caseDefinitionKey caseDefinitionName caseDefinitionNameLike caseExecutionId caseInstanceBusinessKey
    caseInstanceBusinessKeyLike caseInstanceId caseInstanceVariables created createdAfterExpression
    createdBeforeExpression createdOn createdOnExpression delegationState description descriptionLike due
    dueAfterExpression dueBeforeExpression dueDate dueDateExpression followUp followUpAfter
    followUpAfterExpression followUpBefore followUpBeforeExpression followUpBeforeOrNotExistent
    followUpBeforeOrNotExistentExpression followUpDate followUpDateExpression includeAssignedTasks involvedUser
    involvedUserExpression nameNotEqual nameNotLike orQueries owner ownerExpression parentTaskId
    processDefinitionName processDefinitionNameLike processInstanceBusinessKeyExpression
    processInstanceBusinessKeyIn processInstanceBusinessKeyLike processInstanceBusinessKeyLikeExpression
    taskDefinitionKeyNotIn taskVariables updatedAfter updatedAfterExpression variableNamesIgnoreCase
    variableValuesIgnoreCase withCandidateGroups withCandidateUsers withCommentAttachmentInfo
    withTaskLocalVariablesInReturn withTaskVariablesInReturn withoutCandidateGroups withoutCandidateUsers
    withoutDueDate`,
});

export type UserTaskQuery = QueryOf<typeof USER_TASK_QUERY>;

function keyOf({ processDefinitionId }: UserTaskRecord, state: QueryContext): string {
  return state.definition(processDefinitionId)?.key ?? '';
}
