export { CamundaWorkerModule, type CamundaWorkerModuleOptions } from './camunda-worker.module.js';
export { CamundaWorkerService, type CamundaWorkerState } from './camunda-worker.service.js';
export { CrashLedger } from './poison-tasks/crash.ledger.js';
export { type TaskEvent, TaskEventLog } from './outcome/task-event.log.js';
export { TaskBackpressure } from './fetching/task-backpressure.js';
export { type TaskOutcomeFacts, TaskOutcomeListener } from './outcome/task-outcome.listener.js';
export { completeWith, readVars } from './task/task-variables.js';
export {
  BusinessRuleError,
  FatalTaskError,
  RetryableTaskError,
  TaskAbortedError,
  TaskInputError,
} from './task/task.errors.js';
export type { TaskLogger } from './task/task.logger.js';
export type { HandlerTask, TopicHandler } from './task/topic-handler.js';
export { Topic, type TopicOptions } from './topics/topic.decorator.js';
export { TopicWiringError } from './topics/registered-topic.js';
export { PROCESS_COMPLETER, PROCESS_FOLDER } from './topics/topic.explorer.js';
export {
  fromTypedVariables,
  toTypedVariables,
  type TypedVariable,
  type TypedVariables,
} from '../camunda-engine/index.js';
