import type { HistoricUserTaskQuery } from '../history/historic-user-task.query.js';
import type { HistoryService } from '../history/history.service.js';
import type { HistoricUserTaskRecord } from '../state/records.types.js';
import type { Route } from './engine.router.js';
import { presentHistoricTask } from './history-task.presenter.js';
import { list, text } from './json.reader.js';
import { date, flag, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';

const FILTERS: FilterTable<HistoricUserTaskQuery> = {
  taskId: text,
  processInstanceId: text,
  processInstanceBusinessKey: text,
  processDefinitionId: text,
  processDefinitionKey: text,
  executionId: text,
  activityInstanceIdIn: list,
  taskName: text,
  taskDefinitionKey: text,
  taskDefinitionKeyIn: list,
  taskDeleteReason: text,
  taskAssignee: text,
  finished: flag,
  unfinished: flag,
  startedAfter: date,
  startedBefore: date,
  finishedAfter: date,
  finishedBefore: date,
  tenantIdIn: list,
};

const SORT_KEYS = [
  'taskId',
  'activityInstanceID',
  'processDefinitionId',
  'processInstanceId',
  'executionId',
  'duration',
  'endTime',
  'startTime',
  'taskName',
  'taskDescription',
  'assignee',
  'owner',
  'dueDate',
  'followUpDate',
  'deleteReason',
  'taskDefinitionKey',
  'priority',
  'tenantId',
] as const;

/** `/history/task`. */
export function historicTaskRoutes(history: HistoryService): readonly Route[] {
  return queryRoutes<HistoricUserTaskQuery, HistoricUserTaskRecord>({
    path: '/history/task',
    filters: FILTERS,
    sortKeys: SORT_KEYS,
    find: (query) => history.findUserTasks(query),
    count: (query) => history.countUserTasks(query),
    present: (task) => presentHistoricTask(task, history.findInstance(task.processInstanceId)),
  });
}
