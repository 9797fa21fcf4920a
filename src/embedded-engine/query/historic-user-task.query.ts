import type { InstanceHistory } from '../state/instance-history.types.js';
import type { HistoricUserTaskRecord } from '../state/records.types.js';
import { atLeast, atMost, equals, inContext, isNull, isSet, oneOf } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';
import { DURATION } from './duration.js';

/** User tasks, open and past. */
export const HISTORIC_USER_TASK_QUERY = defineQuery<HistoricUserTaskRecord, InstanceHistory>()({
  path: '/history/task',
  filters: {
    taskId: equals('id'),
    processInstanceId: equals('processInstanceId'),
    processInstanceBusinessKey: inContext(equals('businessKey'), ({ record }: InstanceHistory) => record),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    executionId: equals('executionId'),
    activityInstanceIdIn: oneOf('activityInstanceId'),
    taskName: equals('name'),
    taskDefinitionKey: equals('activityId'),
    taskDefinitionKeyIn: oneOf('activityId'),
    taskDeleteReason: equals('deleteReason'),
    taskAssignee: equals('assignee'),
    finished: isSet('endTime'),
    unfinished: isNull('endTime'),
    startedAfter: atLeast('startTime'),
    startedBefore: atMost('startTime'),
    finishedAfter: atLeast('endTime'),
    finishedBefore: atMost('endTime'),
    tenantIdIn: oneOf('tenantId'),
  },
  sort: {
    taskId: 'id',
    activityInstanceID: 'activityInstanceId',
    processDefinitionId: 'processDefinitionId',
    processInstanceId: 'processInstanceId',
    executionId: 'executionId',
    duration: DURATION,
    endTime: 'endTime',
    startTime: 'startTime',
    taskName: 'name',
    taskDescription: 'description',
    assignee: 'assignee',
    owner: 'owner',
    dueDate: 'dueDate',
    followUpDate: 'followUpDate',
    deleteReason: 'deleteReason',
    taskDefinitionKey: 'activityId',
    priority: 'priority',
    tenantId: 'tenantId',
  },
  unserved: `
    assigned caseDefinitionId caseDefinitionKey caseDefinitionName caseExecutionId caseInstanceId orQueries
    processDefinitionName processFinished processInstanceBusinessKeyIn processInstanceBusinessKeyLike
    processUnfinished processVariables rootProcessInstanceId taskAssigneeLike taskDeleteReasonLike taskDescription
    taskDescriptionLike taskDueDate taskDueDateAfter taskDueDateBefore taskFollowUpDate taskFollowUpDateAfter
    taskFollowUpDateBefore taskHadCandidateGroup taskHadCandidateUser taskInvolvedGroup taskInvolvedUser
    taskNameLike taskOwner taskOwnerLike taskParentTaskId taskPriority taskVariables unassigned
    variableNamesIgnoreCase variableValuesIgnoreCase withCandidateGroups withoutCandidateGroups
    withoutTaskDueDate withoutTenantId`,
});

export type HistoricUserTaskQuery = QueryOf<typeof HISTORIC_USER_TASK_QUERY>;
