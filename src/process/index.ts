export {
  type Completion,
  type CompletionEnd,
  type CompletingTask,
  ProcessCompletionService,
} from './end/process-completion.service.js';
export { ProcessModule } from './process.module.js';
export { BODY_SCHEMAS } from './http/process.openapi.js';
export { START_PATH, startExamples } from './http/process.examples.js';
export { ProcessOutcomeListener } from './end/process-outcome.listener.js';
export { StartBacklog } from './start/start-backlog.service.js';
