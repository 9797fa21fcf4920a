import { Module } from '@nestjs/common';
import { EventLogRepository } from './event-log.repository.js';
import { EventLogService } from './event-log.service.js';
import { DEFAULT_REDACTED_NAMES, REDACTED_NAMES } from './event.redactor.js';

/** The append-only trail of every process. */
@Module({
  providers: [
    EventLogRepository,
    EventLogService,
    { provide: REDACTED_NAMES, useValue: DEFAULT_REDACTED_NAMES },
  ],
  exports: [EventLogService],
})
export class EventLogModule {}
