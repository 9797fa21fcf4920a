import { type INestApplicationContext, Logger } from '@nestjs/common';
import { ShutdownService } from './shutdown.service.js';
import { UnhandledErrors } from './unhandled.errors.js';

/** Exit code of a service that an unhandled error has stopped. */
const CRASHED = 1;

/**
 * Takes the rejections and exceptions of this process that nobody handled.
 *
 * One that belongs to a running step fails that step. Any other is logged as fatal and leads to an orderly stop with
 * exit code 1, because nobody knows what it has left undone. While the application is being made there is nothing to
 * stop: the process ends at once.
 */
export class CrashGuard {
  private readonly app: { current?: INestApplicationContext } = {};
  private crashed = false;

  constructor(private readonly exit: (code: number) => void = (code) => process.exit(code)) {
    process.on('unhandledRejection', this.onError);
    process.on('uncaughtException', this.onError);
  }

  /** The application to stop from now on. */
  protect(app: INestApplicationContext): void {
    this.app.current = app;
  }

  /** Lets go of the process. */
  dispose(): void {
    process.off('unhandledRejection', this.onError);
    process.off('uncaughtException', this.onError);
  }

  private readonly onError = (error: unknown): void => {
    const app = this.app.current;
    if (app === undefined) {
      console.error(error);
      this.exit(CRASHED);
      return;
    }
    if (app.get(UnhandledErrors).handle(error)) return;
    new Logger('CrashGuard').fatal({
      msg: 'An error that nobody handled stops the service. What was accepted is stored; the next start goes on with it.',
      err: error instanceof Error ? error : new Error(String(error)),
    });
    process.exitCode = CRASHED;
    if (this.crashed) return;
    this.crashed = true;
    void this.stop(app);
  };

  private async stop(app: INestApplicationContext): Promise<void> {
    app.get(ShutdownService).noteCrash();
    try {
      await app.close();
    } catch (error) {
      console.error(error);
    }
    this.exit(CRASHED);
  }
}
