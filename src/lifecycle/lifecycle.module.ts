import { Global, Module } from '@nestjs/common';
import { ShutdownService } from './shutdown.service.js';

/** Offers the {@link ShutdownService} to every module. */
@Global()
@Module({ providers: [ShutdownService], exports: [ShutdownService] })
export class LifecycleModule {}
