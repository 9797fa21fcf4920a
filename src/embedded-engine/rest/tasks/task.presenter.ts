import type { UserTaskRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';

/** TaskDto. The record does not tell whether a task was changed, so `lastUpdated` is null and the state `Created`. */
export function presentTask(task: UserTaskRecord): Record<string, unknown> {
  return {
    id: task.id,
    name: task.name,
    assignee: task.assignee,
    created: formatDate(task.createTime),
    due: formatNullableDate(task.dueDate),
    followUp: formatNullableDate(task.followUpDate),
    lastUpdated: null,
    delegationState: null,
    description: task.description,
    executionId: task.executionId,
    owner: task.owner,
    parentTaskId: null,
    priority: task.priority,
    processDefinitionId: task.processDefinitionId,
    processInstanceId: task.processInstanceId,
    taskDefinitionKey: task.activityId,
    caseExecutionId: null,
    caseInstanceId: null,
    caseDefinitionId: null,
    suspended: task.suspended,
    formKey: task.formKey,
    camundaFormRef: null,
    tenantId: task.tenantId,
    taskState: 'Created',
  };
}
