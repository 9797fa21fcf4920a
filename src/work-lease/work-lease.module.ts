import { Global, Module } from '@nestjs/common';
import { WorkLeaseRepository } from './work-lease.repository.js';
import { WorkLeaseService } from './work-lease.service.js';

/** The leases of works that one instance does for all. */
@Global()
@Module({ providers: [WorkLeaseRepository, WorkLeaseService], exports: [WorkLeaseService] })
export class WorkLeaseModule {}
