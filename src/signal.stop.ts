/** What a stop closes. */
interface Closable {
  close(): Promise<unknown>;
}

/** How long a stop waits for the boot to come to its next end, in ms; what hangs is then closed as it stands. */
const BOOT_LIMIT_MS = 10_000;

/**
 * Ends the process in order at SIGTERM and SIGINT, at any point of its life, with exit code 0 however often they come;
 * and after a fault that leaves nothing else to do, with exit code 1.
 *
 * It imports nothing, so that it listens before the service is loaded. Until {@link during} nothing is open and the
 * process ends at once. From then on the boot comes to its end first, and what it has made is closed.
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

  /** Aborts when the process is to end. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  /** The application that a stop closes. */
  adopt(app: Closable): void {
    this.app = app;
  }

  /** Ends the process as a signal does, but with exit code 1, after a signal too. */
  fail(): void {
    this.exitCode = 1;
    this.request();
  }

  /** Waits for the boot. @throws what it throws, unless the process is ending anyway: then it settles no more */
  async during(boot: Promise<void>): Promise<void> {
    this.boot = boot;
    try {
      await boot;
    } catch (error) {
      if (!this.signal.aborted) throw error;
      // What a signal has ended has not failed.
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
