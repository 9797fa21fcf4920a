import type { INestApplicationContext } from '@nestjs/common';
import { FatalFaults } from './fatal.faults.js';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

/**
 * Handles the unhandled rejections and exceptions of this process.
 *
 * An error that belongs to a running step fails that step. Any other is a {@link FatalFaults fatal fault}, because it may
 * have left the service in an unknown state. Before the application exists, the error is printed and the boot ends.
 */
export class CrashGuard {
  private app: INestApplicationContext | null = null;

  /** @param endBoot ends a boot that has no application yet, with exit code 1 */
  constructor(private readonly endBoot: () => void) {
    process.on('unhandledRejection', this.onError);
    process.on('uncaughtException', this.onError);
  }

  /** Sets the application that handles these errors from now on. */
  protect(app: INestApplicationContext): void {
    this.app = app;
  }

  /** Removes the listeners from the process. */
  dispose(): void {
    process.off('unhandledRejection', this.onError);
    process.off('uncaughtException', this.onError);
  }

  private readonly onError = (error: unknown): void => {
    const { app } = this;
    if (app === null) {
      console.error(error);
      this.endBoot();
      return;
    }
    if (app.get(UnhandledErrors).handle(error)) return;
    app.get(ShutdownService).noteCrash();
    app
      .get(FatalFaults)
      .report(
        'An unhandled error stops the service. Everything that was accepted is stored; the next start continues with it.',
        error,
      );
  };
}
