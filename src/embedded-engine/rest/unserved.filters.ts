import type { JsonRecord } from './json.reader.js';
import { invalidRequest } from './rest.error.js';

/**
 * Filters of Camunda 7.24, by resource, that the engine does not have: to ignore one, as Camunda ignores what it does not
 * know, would answer more than was asked for.
 */
const UNSERVED: Readonly<Record<string, string>> = {
  '/deployment': 'includeDeploymentsWithoutTenantId',
  '/process-definition': [
    'category categoryLike deployedAfter deployedAt incidentId incidentMessage incidentMessageLike',
    'incidentType includeProcessDefinitionsWithoutTenantId notStartableInTasklist startableBy',
    'startableInTasklist startablePermissionCheck',
  ].join(' '),
  '/process-instance': [
    'caseInstanceId orQueries processDefinitionWithoutTenantId rootProcessInstanceId subCaseInstance',
    'superCaseInstance variableNamesIgnoreCase variableValuesIgnoreCase',
  ].join(' '),
  '/execution': [
    'incidentId incidentMessage incidentMessageLike incidentType processVariables',
    'signalEventSubscriptionName variableNamesIgnoreCase variableValuesIgnoreCase variables',
  ].join(' '),
  '/incident': 'jobDefinitionIdIn',
  '/event-subscription': 'includeEventSubscriptionsWithoutTenantId',
  '/variable-instance': [
    'batchIdIn caseExecutionIdIn caseInstanceIdIn taskIdIn variableNamesIgnoreCase variableScopeIdIn',
    'variableValuesIgnoreCase',
  ].join(' '),
  '/job': [
    'acquired createTimes failedActivityId includeJobsWithoutTenantId jobDefinitionId',
    'priorityHigherThanOrEquals priorityLowerThanOrEquals',
  ].join(' '),
  '/task': [
    'assigneeExpression assigneeIn assigneeLike assigneeLikeExpression assigneeNotIn',
    'candidateGroupExpression candidateGroupLike candidateGroups candidateGroupsExpression',
    'candidateUserExpression caseDefinitionId caseDefinitionKey caseDefinitionName caseDefinitionNameLike',
    'caseExecutionId caseInstanceBusinessKey caseInstanceBusinessKeyLike caseInstanceId',
    'caseInstanceVariables created createdAfterExpression createdBeforeExpression createdOn',
    'createdOnExpression delegationState description descriptionLike due dueAfterExpression',
    'dueBeforeExpression dueDate dueDateExpression followUp followUpAfter followUpAfterExpression',
    'followUpBefore followUpBeforeExpression followUpBeforeOrNotExistent',
    'followUpBeforeOrNotExistentExpression followUpDate followUpDateExpression includeAssignedTasks',
    'involvedUser involvedUserExpression nameNotEqual nameNotLike orQueries owner ownerExpression',
    'parentTaskId processDefinitionName processDefinitionNameLike processInstanceBusinessKeyExpression',
    'processInstanceBusinessKeyIn processInstanceBusinessKeyLike processInstanceBusinessKeyLikeExpression',
    'taskDefinitionKeyNotIn taskVariables updatedAfter updatedAfterExpression variableNamesIgnoreCase',
    'variableValuesIgnoreCase withCandidateGroups withCandidateUsers withCommentAttachmentInfo',
    'withTaskLocalVariablesInReturn withTaskVariablesInReturn withoutCandidateGroups',
    'withoutCandidateUsers withoutDueDate',
  ].join(' '),
  '/external-task': 'variableNamesIgnoreCase variableValuesIgnoreCase',
  '/history/process-instance': [
    'activityIdIn caseInstanceId executedActivityAfter executedActivityBefore',
    'executedJobAfter executedJobBefore incidentIdIn incidentMessage',
    'incidentMessageLike incidentType orQueries processInstanceIdNotIn',
    'rootProcessInstanceId startedBy subCaseInstanceId subProcessInstanceId superCaseInstanceId',
    'variableNamesIgnoreCase variableValuesIgnoreCase withJobsRetrying withRootIncidents',
  ].join(' '),
  '/history/activity-instance': 'activityNameLike taskAssignee tenantIdIn withoutTenantId',
  '/history/variable-instance': [
    'caseActivityIdIn caseExecutionIdIn caseInstanceId taskIdIn tenantIdIn variableNamesIgnoreCase',
    'variableValuesIgnoreCase withoutTenantId',
  ].join(' '),
  '/history/incident': 'historyConfiguration jobDefinitionIdIn withoutTenantId',
  '/history/task': [
    'assigned caseDefinitionId caseDefinitionKey caseDefinitionName caseExecutionId caseInstanceId',
    'orQueries processDefinitionName processFinished processInstanceBusinessKeyIn',
    'processInstanceBusinessKeyLike processUnfinished processVariables rootProcessInstanceId',
    'taskAssigneeLike taskDeleteReasonLike taskDescription taskDescriptionLike taskDueDate',
    'taskDueDateAfter taskDueDateBefore taskFollowUpDate taskFollowUpDateAfter taskFollowUpDateBefore',
    'taskHadCandidateGroup taskHadCandidateUser taskInvolvedGroup taskInvolvedUser taskNameLike taskOwner',
    'taskOwnerLike taskParentTaskId taskPriority taskVariables unassigned variableNamesIgnoreCase',
    'variableValuesIgnoreCase withCandidateGroups withoutCandidateGroups withoutTaskDueDate',
    'withoutTenantId',
  ].join(' '),
  '/history/external-task-log': 'withoutTenantId',
};

const NAMES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(UNSERVED).map(([path, names]) => [path, names.split(' ')]),
);

/**
 * Refuses a query that asks for what the engine cannot tell.
 *
 * @param path of the resource, e.g. `/task`
 * @throws RestError 400
 */
export function refuseUnserved(path: string, raw: JsonRecord): void {
  for (const name of NAMES.get(path) ?? []) {
    if (Object.hasOwn(raw, name) && asksForSomething(raw[name])) {
      throw invalidRequest(`The filter '${name}' of ${path} is not part of the embedded engine's subset`);
    }
  }
}

function asksForSomething(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== null && value !== undefined && value !== false && value !== 'false' && value !== '';
}
