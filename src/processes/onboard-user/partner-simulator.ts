import { Worker } from 'node:worker_threads';
import { ATTEMPT_HEADER } from './partners.js';

const THREAD = new URL('./partner-simulator.thread.mjs', import.meta.url);

/**
 * Stands in for both partners on a loopback port where none is configured, so that every path can be seen.
 *
 * It remembers nothing; the userId says what happens: `slow-` delays the background check, `blocked-` does not
 * clear it, `flaky-` fails it on attempts 1 and 2, `broken-` fails it always. Partners are outside: it has a thread of
 * its own, so that it takes nothing of the service's.
 */
export class PartnerSimulator {
  private closing = false;

  private constructor(
    private readonly worker: Worker,
    readonly baseUrl: string,
    onDied: (error: Error) => void,
  ) {
    let cause: Error | null = null;
    // One that nobody listens to would end the service.
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => {
      if (!this.closing) onDied(cause ?? new Error(`The thread ended with code ${code}.`));
    });
  }

  /**
   * @param slowMs how long a background check takes for a `slow-` user
   * @param onDied is told of a thread that ends later by itself; nobody answers calls to it any more
   * @throws Error if no port can be had, or the thread ends before it listens
   */
  static async start(slowMs: number, onDied: (error: Error) => void): Promise<PartnerSimulator> {
    const workerData = { slowMs, attemptHeader: ATTEMPT_HEADER };
    // Options of Node such as --cpu-prof or --import are of the main thread.
    const worker = new Worker(THREAD, { name: 'partners', workerData, execArgv: [] });
    const port = await portOf(worker);
    return new PartnerSimulator(worker, `http://127.0.0.1:${port}`, onDied);
  }

  /** Drops what still waits and closes the port. */
  async close(): Promise<void> {
    this.closing = true;
    await this.worker.terminate();
  }
}

/** The port that the thread listens on. @throws Error if the thread ends first, with or without an error of its own */
function portOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      reject(new Error(`The thread of the partner simulator ended with code ${code} before it listened.`));
    });
  });
}
