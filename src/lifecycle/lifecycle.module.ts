import { Global, Module } from '@nestjs/common';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

/** Offers the {@link ShutdownService} and {@link UnhandledErrors} to every module. */
@Global()
@Module({ providers: [ShutdownService, UnhandledErrors], exports: [ShutdownService, UnhandledErrors] })
export class LifecycleModule {}
