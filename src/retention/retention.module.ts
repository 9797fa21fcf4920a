import { Module } from '@nestjs/common';
import { WriteQueueService } from '../database/index.js';
import { EventLogModule } from '../event-log/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import { ProcessMessageModule } from '../process-message/index.js';
import { ProcessStoreModule } from '../process-store/index.js';
import { WorkLeaseModule } from '../work-lease/index.js';
import { RetentionPace } from './retention.pace.js';
import { RetentionService } from './retention.service.js';
import { RetentionWriter } from './retention.writer.js';

/** Removes what is older than `RETENTION_DAYS`. */
@Module({
  imports: [ProcessStoreModule, ProcessMessageModule, EventLogModule, WorkLeaseModule],
  providers: [
    {
      provide: RetentionPace,
      inject: [WriteQueueService, ShutdownService],
      useFactory: (queue: WriteQueueService, shutdown: ShutdownService) => new RetentionPace(queue, shutdown),
    },
    RetentionWriter,
    RetentionService,
  ],
  exports: [RetentionService],
})
export class RetentionModule {}
