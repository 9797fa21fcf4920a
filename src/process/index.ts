export { type CompletionResult, ProcessCompletionService } from './commands/process-completion.service.js';
export { ProcessModule } from './process.module.js';
export { BODY_SCHEMAS } from './http/openapi.answers.js';
export { START_PATH, startExamples } from './http/process.examples.js';
export { ProcessOutcomeListener } from './reconcile/process-outcome.listener.js';
export { StartBacklogService } from './launch/start-backlog.service.js';
