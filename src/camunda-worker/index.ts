export { CamundaWorkerModule, type CamundaWorkerModuleOptions } from './camunda-worker.module.js';
export { CamundaWorkerService, type CamundaWorkerState } from './camunda-worker.service.js';
export { DeliveryLedger } from './delivery.ledger.js';
export { type TaskEvent, TaskEventLog } from './task-event.log.js';
export { TaskIntake } from './task-intake.js';
export { type TaskOutcomeFacts, TaskOutcomeListener } from './task-outcome.listener.js';
export { completeWith, readVars } from './task-variables.js';
export {
  BusinessRuleError,
  FatalTaskError,
  RetryableTaskError,
  TaskAbortedError,
  TaskInputError,
} from './task.errors.js';
export type { TaskLogger } from './task.logger.js';
export type { HandlerTask, TopicHandler } from './topic-handler.js';
export { Topic, type TopicOptions } from './topic.decorator.js';
export { PROCESS_COMPLETER, PROCESS_FOLDER, TopicWiringError } from './topic.explorer.js';
export {
  fromTypedVariables,
  toTypedVariables,
  type TypedVariable,
  type TypedVariables,
} from '../camunda-engine/index.js';
