import { HISTORIC_ACTIVITY_INSTANCE_QUERY } from '../../query/historic-activity-instance.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { HistoricActivityRecord } from '../../state/records.types.js';
import type { Route } from '../http/engine.router.js';
import { presentHistoricActivity } from './history-activity.presenter.js';
import { ok } from '../http/http.types.js';
import { queryRoutes } from '../query/query.routes.js';
import { notFound } from '../http/rest.error.js';

/** `/history/activity-instance`. */
export function historicActivityRoutes(history: HistoryService): readonly Route[] {
  const present = (activity: HistoricActivityRecord): unknown =>
    presentHistoricActivity(activity, history.findInstance(activity.processInstanceId));
  return [
    ...queryRoutes(HISTORIC_ACTIVITY_INSTANCE_QUERY, {
      find: (query) => history.findActivities(query),
      count: (query) => history.countActivities(query),
      present,
    }),
    {
      method: 'GET',
      path: '/history/activity-instance/:id',
      handle: (call) => {
        const [activity] = history.findActivities({ activityInstanceId: call.param('id') });
        if (activity === undefined)
          throw notFound(`Historic activity instance with id '${call.param('id')}' does not exist`);
        return ok(present(activity));
      },
    },
  ];
}
