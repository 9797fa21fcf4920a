import { durationOf } from '../../query/duration.js';
import { HISTORIC_USER_TASK_QUERY } from '../../query/historic-user-task.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { HistoricInstanceRecord, HistoricUserTaskRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import type { Route } from '../http/engine.router.js';
import { queryRoutes } from '../query/query.routes.js';
import { instanceFields } from './history.fields.js';

/** `/history/task`. */
export function historicTaskRoutes(history: HistoryService): readonly Route[] {
  return queryRoutes(HISTORIC_USER_TASK_QUERY, history.userTasks, (task) =>
    presentHistoricTask(task, history.findInstance(task.processInstanceId)),
  );
}

/** HistoricTaskInstanceDto. */
function presentHistoricTask(
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
