import { durationOf } from '../../query/duration.js';
import { HISTORIC_ACTIVITY_INSTANCE_QUERY } from '../../query/historic-activity-instance.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { HistoricActivityRecord, HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { get, type Route } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { notFound, raise } from '../http/rest.error.js';
import { queryRoutes } from '../query/query.routes.js';
import { instanceFields } from './history.fields.js';

/** `/history/activity-instance`. */
export function historicActivityRoutes(history: HistoryService): readonly Route[] {
  const present = (activity: HistoricActivityRecord) =>
    presentHistoricActivity(activity, history.findInstance(activity.processInstanceId));
  return [
    ...queryRoutes(HISTORIC_ACTIVITY_INSTANCE_QUERY, history.activities, present),
    get('/history/activity-instance/:id', (call) => {
      const id = call.param('id');
      const [activity] = history.activities.find({ activityInstanceId: id });
      return ok(
        present(activity ?? raise(notFound(`Historic activity instance with id '${id}' does not exist`))),
      );
    }),
  ];
}

/** HistoricActivityInstanceDto. */
function presentHistoricActivity(
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
