import type { ExternalTaskService } from '../../tasks/external-task.service.js';
import type { HistoryService } from '../../history/history.service.js';
import type { RepositoryService } from '../../repository/repository.service.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { EngineError } from '../../state/engine.errors.js';
import type { JobService } from '../../timers/job.service.js';
import type { MessageService } from '../../messages/message.service.js';
import type { UserTaskService } from '../../tasks/user-task.service.js';
import { deploymentRoutes } from '../repository/deployment.routes.js';
import { EngineRouter, get, type Route } from '../http/engine.router.js';
import { eventSubscriptionRoutes } from '../runtime/event-subscription.routes.js';
import { executionRoutes } from '../runtime/execution.routes.js';
import { externalTaskRoutes } from '../tasks/external-task.routes.js';
import { ok } from '../http/http.types.js';
import { historyRoutes } from '../history/history.routes.js';
import { incidentRoutes } from '../runtime/incident.routes.js';
import { jobRoutes } from '../jobs/job.routes.js';
import { messageRoutes } from '../runtime/message.routes.js';
import { processDefinitionRoutes } from '../repository/process-definition.routes.js';
import { processInstanceRoutes } from '../runtime/process-instance.routes.js';
import { suspensionRoutes } from '../repository/suspension.routes.js';
import { taskRoutes } from '../tasks/task.routes.js';
import { variableInstanceRoutes } from '../runtime/variable-instance.routes.js';
import { variableRoutes } from '../runtime/variable.routes.js';
import { workerRoutes } from '../tasks/external-task-worker.routes.js';

/** The Camunda release whose REST API the embedded engine implements. */
const CAMUNDA_VERSION = '7.24.0';

/** The services behind the REST API. */
export interface EngineServices {
  readonly repository: RepositoryService;
  readonly runtime: RuntimeService;
  readonly externalTasks: ExternalTaskService;
  readonly history: HistoryService;
  readonly tasks: UserTaskService;
  readonly messages: MessageService;
  readonly jobs: JobService;
  /** Why the engine has stopped permanently; every request is then answered with it. Null while it runs. */
  readonly failure: EngineError | null;
}

/**
 * The REST API of an engine, without a socket.
 *
 * @param onUnexpectedError called with unexpected errors, which are answered with 500
 * @param clock epoch milliseconds
 */
export function createRouter(
  engine: EngineServices,
  onUnexpectedError: (error: unknown) => void,
  clock: () => number = Date.now,
): EngineRouter {
  return new EngineRouter(restRoutes(engine, clock), onUnexpectedError, () => engine.failure);
}

/** Every route of the API. @param clock epoch milliseconds */
export function restRoutes(engine: EngineServices, clock: () => number): readonly Route[] {
  const { repository, runtime, externalTasks, history, tasks, messages, jobs } = engine;
  return [
    get('/version', () => ok({ version: CAMUNDA_VERSION })),
    get('/engine', () => ok([{ name: 'default' }])),
    ...deploymentRoutes(repository),
    ...processDefinitionRoutes(repository, runtime),
    ...workerRoutes(externalTasks),
    ...externalTaskRoutes(externalTasks, runtime),
    ...processInstanceRoutes(runtime),
    ...variableRoutes(runtime),
    ...suspensionRoutes(repository, runtime, clock),
    ...taskRoutes(tasks),
    ...messageRoutes(messages),
    ...eventSubscriptionRoutes(messages),
    ...executionRoutes(runtime, messages),
    ...jobRoutes(jobs),
    ...variableInstanceRoutes(runtime),
    ...incidentRoutes(runtime),
    ...historyRoutes(history, runtime),
  ];
}
