/** The part of an application that a stop needs. */
interface Closable {
  close(): Promise<unknown>;
}

/** Milliseconds that a stop waits for the boot to end; after that the application is closed as it is. */
const BOOT_LIMIT_MS = 10_000;

/**
 * Stops the process in order: at SIGTERM and SIGINT with exit code 0, even if they arrive repeatedly, and after a fatal
 * fault with exit code 1.
 *
 * It imports nothing, so that it handles signals before the service is loaded. Before {@link during} nothing is open and
 * the process exits at once. After that the stop waits for the boot to end, and closes what the boot has created.
 */
export class SignalStop {
  private readonly abort = new AbortController();
  private boot: Promise<void> | null = null;
  private app: Closable | null = null;
  private exitCode = 0;

  constructor() {
    process.on('SIGTERM', this.request);
    process.on('SIGINT', this.request);
  }

  /** Aborts when the stop begins. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** The application that a stop closes. */
  adopt(app: Closable): void {
    this.app = app;
  }

  /** Stops the process like a signal, but with exit code 1, even if a signal came first. */
  fail(): void {
    this.exitCode = 1;
    this.request();
  }

  /** Waits for the boot. Never settles if the boot fails during a stop. @throws what the boot throws */
  async during(boot: Promise<void>): Promise<void> {
    this.boot = boot;
    try {
      await boot;
    } catch (error) {
      if (!this.signal.aborted) throw error;
      // A boot that a signal has ended has not failed.
      await new Promise(() => undefined);
    }
  }

  private readonly request = (): void => {
    if (this.signal.aborted) return;
    this.abort.abort();
    if (this.boot === null) process.exit(this.exitCode);
    void this.end(this.boot);
  };

  private async end(boot: Promise<void>): Promise<void> {
    await Promise.race([boot.catch(() => undefined), limit(BOOT_LIMIT_MS)]);
    try {
      await this.app?.close();
    } catch (error) {
      console.error(error);
      this.exitCode = 1;
    }
    process.exit(this.exitCode);
  }
}

function limit(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
