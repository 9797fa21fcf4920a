import { HISTORIC_USER_TASK_QUERY } from '../../query/historic-user-task.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { Route } from '../http/engine.router.js';
import { presentHistoricTask } from './history-task.presenter.js';
import { queryRoutes } from '../query/query.routes.js';

/** `/history/task`. */
export function historicTaskRoutes(history: HistoryService): readonly Route[] {
  return queryRoutes(HISTORIC_USER_TASK_QUERY, {
    find: (query) => history.findUserTasks(query),
    count: (query) => history.countUserTasks(query),
    present: (task) => presentHistoricTask(task, history.findInstance(task.processInstanceId)),
  });
}
