import type { INestApplicationContext } from '@nestjs/common';
import { FatalFaults } from './fatal.faults.js';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

/**
 * Takes the rejections and exceptions of this process that nobody handled.
 *
 * One that belongs to a running step fails that step. Any other is a {@link FatalFaults fatal fault}, because nobody
 * knows what it has left undone. Until the application exists, the error is printed and the boot ends.
 */
export class CrashGuard {
  private app: INestApplicationContext | null = null;

  /** @param endBoot ends a boot that has no application yet, with exit code 1 */
  constructor(private readonly endBoot: () => void) {
    process.on('unhandledRejection', this.onError);
    process.on('uncaughtException', this.onError);
  }

  /** The application whose faults these errors are from now on. */
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
        'An error that nobody handled stops the service. What was accepted is stored; the next start goes on with it.',
        error,
      );
  };
}
