import { Module } from '@nestjs/common';
import { ProcessStoreRepository } from './process-store.repository.js';
import { ProcessStoreService } from './process-store.service.js';

/** The current state of processes. */
@Module({ providers: [ProcessStoreRepository, ProcessStoreService], exports: [ProcessStoreService] })
export class ProcessStoreModule {}
