import { Module } from '@nestjs/common';
import { ProcessArchiveRepository } from './process-archive.repository.js';
import { ProcessStartRepository } from './process-start.repository.js';
import { ProcessStoreRepository } from './process-store.repository.js';
import { ProcessStoreService } from './process-store.service.js';

/** The current state of processes. */
@Module({
  providers: [ProcessArchiveRepository, ProcessStartRepository, ProcessStoreRepository, ProcessStoreService],
  exports: [ProcessArchiveRepository, ProcessStoreService],
})
export class ProcessStoreModule {}
