import type { HistoricActivityQuery } from '../history/historic-activity-instance.query.js';
import type { HistoryService } from '../history/history.service.js';
import type { HistoricActivityRecord } from '../state/records.types.js';
import type { Route } from './engine.router.js';
import { presentHistoricActivity } from './history-activity.presenter.js';
import { ok } from './http.types.js';
import { list, text } from './json.reader.js';
import { date, flag, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { notFound } from './rest.error.js';

const FILTERS: FilterTable<HistoricActivityQuery> = {
  activityInstanceId: text,
  processInstanceId: text,
  processInstanceIdIn: list,
  processDefinitionId: text,
  executionId: text,
  activityId: text,
  activityName: text,
  activityType: text,
  finished: flag,
  unfinished: flag,
  canceled: flag,
  completeScope: flag,
  startedAfter: date,
  startedBefore: date,
  finishedAfter: date,
  finishedBefore: date,
};

const SORT_KEYS = [
  'activityInstanceId',
  'instanceId',
  'executionId',
  'activityId',
  'activityName',
  'activityType',
  'startTime',
  'endTime',
  'duration',
  'definitionId',
  'occurrence',
] as const;

/** `/history/activity-instance`. */
export function historicActivityRoutes(history: HistoryService): readonly Route[] {
  const present = (activity: HistoricActivityRecord): unknown =>
    presentHistoricActivity(activity, history.findInstance(activity.processInstanceId));
  return [
    ...queryRoutes<HistoricActivityQuery, HistoricActivityRecord>({
      path: '/history/activity-instance',
      filters: FILTERS,
      sortKeys: SORT_KEYS,
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
