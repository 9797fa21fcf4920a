import type {
  ExternalTaskService,
  HistoryService,
  RepositoryService,
  RuntimeService,
} from '../core/engine-api.types.js';
import { deploymentRoutes } from './deployment.routes.js';
import { EngineRouter } from './engine.router.js';
import { engineRoutes } from './engine.routes.js';
import { externalTaskRoutes } from './external-task.routes.js';
import { historyRoutes } from './history.routes.js';
import { incidentRoutes } from './incident.routes.js';
import { processDefinitionRoutes } from './process-definition.routes.js';
import { processInstanceRoutes } from './process-instance.routes.js';
import { variableRoutes } from './variable.routes.js';

/** The services that the REST API speaks for. */
export interface EngineServices {
  readonly repository: RepositoryService;
  readonly runtime: RuntimeService;
  readonly externalTasks: ExternalTaskService;
  readonly history: HistoryService;
}

/**
 * The whole REST API over an engine, without a socket.
 *
 * @param onUnexpectedError is told errors that nobody foresaw, which are answered with 500
 */
export function createRouter(
  engine: EngineServices,
  onUnexpectedError: (error: unknown) => void,
): EngineRouter {
  const { repository, runtime, externalTasks, history } = engine;
  return new EngineRouter(
    [
      ...engineRoutes(),
      ...deploymentRoutes(repository),
      ...processDefinitionRoutes(repository, runtime),
      ...externalTaskRoutes(externalTasks, runtime),
      ...processInstanceRoutes(runtime),
      ...variableRoutes(runtime),
      ...incidentRoutes(runtime),
      ...historyRoutes(history),
    ],
    onUnexpectedError,
  );
}
