import type { HistoricInstanceRecord, HistoricUserTaskRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { durationOf } from '../../query/duration.js';
import { instanceFields } from './history.fields.js';

/** HistoricTaskInstanceDto. */
export function presentHistoricTask(
  task: HistoricUserTaskRecord,
  instance: HistoricInstanceRecord | null,
): Record<string, unknown> {
  return {
    id: task.id,
    processDefinitionKey: task.processDefinitionKey,
    processDefinitionId: task.processDefinitionId,
    processInstanceId: task.processInstanceId,
    executionId: task.executionId,
    caseDefinitionKey: null,
    caseDefinitionId: null,
    caseInstanceId: null,
    caseExecutionId: null,
    activityInstanceId: task.activityInstanceId,
    name: task.name,
    description: task.description,
    deleteReason: task.deleteReason,
    owner: task.owner,
    assignee: task.assignee,
    startTime: formatDate(task.startTime),
    endTime: formatNullableDate(task.endTime),
    duration: durationOf(task),
    taskDefinitionKey: task.activityId,
    priority: task.priority,
    due: formatNullableDate(task.dueDate),
    parentTaskId: null,
    followUp: formatNullableDate(task.followUpDate),
    ...instanceFields(task.processInstanceId, instance),
    tenantId: task.tenantId,
    taskState: stateOf(task),
  };
}

function stateOf({ endTime, deleteReason }: HistoricUserTaskRecord): string {
  if (endTime === null) return 'Created';
  return deleteReason === 'completed' ? 'Completed' : 'Deleted';
}
