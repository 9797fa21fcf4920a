import type { HistoricActivityRecord, HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { durationOf } from '../../query/duration.js';
import { instanceFields } from './history.fields.js';

/** HistoricActivityInstanceDto. */
export function presentHistoricActivity(
  activity: HistoricActivityRecord,
  instance: HistoricInstanceRecord | null,
): Record<string, unknown> {
  return {
    id: activity.id,
    parentActivityInstanceId: activity.parentActivityInstanceId,
    activityId: activity.activityId,
    activityName: activity.activityName,
    activityType: activity.activityType,
    processDefinitionKey: activity.processDefinitionKey,
    processDefinitionId: activity.processDefinitionId,
    processInstanceId: activity.processInstanceId,
    executionId: activity.executionId,
    taskId: activity.taskId,
    calledProcessInstanceId: activity.calledProcessInstanceId,
    calledCaseInstanceId: null,
    assignee: activity.assignee,
    startTime: formatDate(activity.startTime),
    endTime: formatNullableDate(activity.endTime),
    durationInMillis: durationOf(activity),
    canceled: activity.canceled,
    completeScope: activity.completeScope,
    ...instanceFields(activity.processInstanceId, instance),
  };
}
