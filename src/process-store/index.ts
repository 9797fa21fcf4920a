export type { WriteOptions } from '../database/index.js';
export { type OldProcess, ProcessArchiveRepository } from './process-archive.repository.js';
export { InvalidCursorError } from './process-cursor.js';
export {
  isFinal,
  isOfService,
  isOpen,
  isReplaceable,
  type OutcomeOrigin,
  type ServiceOrigin,
} from './outcome-origin.js';
export {
  type ListedProcess,
  type ListRestriction,
  type Outcome,
  type ProcessChange,
  type ProcessHead,
  type ProcessIdentity,
  type ProcessPage,
  type ProcessQuery,
  type ProcessRecord,
  type ShownProcess,
} from './process-record.js';
export { isSameOutcome } from './process-record.factory.js';
export { ProcessStoreModule } from './process-store.module.js';
export type { DueStart, StartSchedule } from './process-store.types.js';
export { ProcessStoreService } from './process-store.service.js';
export type { ClaimResult, FinishedProcess, UpdateResult } from './process-store.types.js';
