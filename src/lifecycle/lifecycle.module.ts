import { Global, Module } from '@nestjs/common';
import { ClockWatch } from './clock.watch.js';
import { FatalFaults } from './fatal.faults.js';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

/** Provides {@link ShutdownService}, {@link UnhandledErrors}, {@link FatalFaults} and {@link ClockWatch} to all modules. */
@Global()
@Module({
  providers: [ClockWatch, ShutdownService, UnhandledErrors, FatalFaults],
  exports: [ClockWatch, ShutdownService, UnhandledErrors, FatalFaults],
})
export class LifecycleModule {}
