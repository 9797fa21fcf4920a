export {
  EventArchiveRepository,
  type EventSelection,
  type OldEvent,
  type TrailPlace,
} from './event-archive.repository.js';
export { EventLogModule } from './event-log.module.js';
export {
  type EventPage,
  type EventPageQuery,
  EventLogService,
  type EventSlice,
} from './event-log.service.js';
export type { NewEvent, StepAttempt, StoredEvent } from './event.types.js';
