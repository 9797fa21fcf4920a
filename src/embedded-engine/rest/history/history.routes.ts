import type { HistoryService } from '../../history/history.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { Route } from '../http/engine.router.js';
import { historicActivityRoutes } from './history-activity.routes.js';
import { historicIncidentRoutes } from './history-incident.routes.js';
import { historicInstanceRoutes } from './history-instance.routes.js';
import { taskLogRoutes } from './history-task-log.routes.js';
import { historicTaskRoutes } from './history-task.routes.js';
import { historicVariableRoutes } from './history-variable.routes.js';

/** `/history/…`. */
export function historyRoutes(history: HistoryService, runtime: RuntimeService): readonly Route[] {
  return [
    ...historicInstanceRoutes(history, runtime),
    ...historicActivityRoutes(history),
    ...historicVariableRoutes(history),
    ...historicIncidentRoutes(history),
    ...historicTaskRoutes(history),
    ...taskLogRoutes(history),
  ];
}
