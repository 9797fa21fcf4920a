export type { ProcessMessageRecord } from './process-message.columns.js';
export { ProcessMessageModule } from './process-message.module.js';
export { ProcessMessageRepository } from './process-message.repository.js';
