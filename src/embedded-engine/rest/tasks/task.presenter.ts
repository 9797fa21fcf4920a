import type { UserTaskRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';

/** TaskDto. The record does not contain updates of a task, so `lastUpdated` is null and the state is `Created`. */
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

/** IdentityLinkDto. */
export interface IdentityLink {
  readonly userId: string | null;
  readonly groupId: string | null;
  readonly type: 'assignee' | 'owner' | 'candidate';
}

/** The users and groups of a task. */
export function linksOf(task: UserTaskRecord): readonly IdentityLink[] {
  const { assignee, owner, candidateUsers, candidateGroups } = task;
  return [
    ...(assignee === null ? [] : [{ userId: assignee, groupId: null, type: 'assignee' } as const]),
    ...(owner === null ? [] : [{ userId: owner, groupId: null, type: 'owner' } as const]),
    ...candidateUsers.map((userId) => ({ userId, groupId: null, type: 'candidate' }) as const),
    ...candidateGroups.map((groupId) => ({ userId: null, groupId, type: 'candidate' }) as const),
  ];
}
