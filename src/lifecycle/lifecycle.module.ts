import { Global, Module } from '@nestjs/common';
import { FatalFaults } from './fatal.faults.js';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

/** Offers the {@link ShutdownService}, {@link UnhandledErrors} and {@link FatalFaults} to every module. */
@Global()
@Module({
  providers: [ShutdownService, UnhandledErrors, FatalFaults],
  exports: [ShutdownService, UnhandledErrors, FatalFaults],
})
export class LifecycleModule {}
