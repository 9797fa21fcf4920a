import { Module } from '@nestjs/common';
import { EventArchiveRepository } from './event-archive.repository.js';
import { EventLogRepository } from './event-log.repository.js';
import { EventLogService } from './event-log.service.js';
import { DEFAULT_REDACTED_NAMES, REDACTED_NAMES } from './event.redactor.js';

/** The append-only trail of every process. */
@Module({
  providers: [
    EventArchiveRepository,
    EventLogRepository,
    EventLogService,
    { provide: REDACTED_NAMES, useValue: DEFAULT_REDACTED_NAMES },
  ],
  exports: [EventArchiveRepository, EventLogService],
})
export class EventLogModule {}
