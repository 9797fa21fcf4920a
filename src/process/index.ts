export {
  type Completion,
  type CompletionEnd,
  type CompletingTask,
  ProcessCompletionService,
} from './process-completion.service.js';
export { ProcessModule } from './process.module.js';
export { BODY_SCHEMAS } from './process.openapi.js';
export { ProcessOutcomeListener } from './process-outcome.listener.js';
export { StartBacklog } from './start-backlog.service.js';
