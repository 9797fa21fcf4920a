import { Worker } from 'node:worker_threads';
import { ATTEMPT_HEADER } from './partners.js';

const THREAD = new URL('./partner-simulator.thread.mjs', import.meta.url);

/**
 * Replaces both partners on a loopback port if they are not configured, so that every path of the process can be tried.
 *
 * It is stateless; the prefix of the userId decides. `slow-` delays the background check, `blocked-` does not clear the
 * user, `flaky-` fails attempts 1 and 2, `broken-` fails always. It runs in a thread of its own, so that it takes no time
 * of the service's main thread.
 */
export class PartnerSimulator {
  private closing = false;

  private constructor(
    private readonly worker: Worker,
    readonly baseUrl: string,
    onCrash: (error: Error) => void,
  ) {
    let cause: Error | null = null;
    // An error event without a listener would end the service.
    worker.once('error', (error) => {
      cause = error;
    });
    worker.once('exit', (code) => {
      if (!this.closing) onCrash(cause ?? new Error(`The thread ended with code ${code}.`));
    });
  }

  /**
   * @param slowMs milliseconds of a background check for a `slow-` user
   * @param onCrash called if the thread ends by itself after the start; calls to the simulator then fail
   * @throws Error if no port is free, or the thread ends before it listens
   */
  static async start(slowMs: number, onCrash: (error: Error) => void): Promise<PartnerSimulator> {
    const workerData = { slowMs, attemptHeader: ATTEMPT_HEADER };
    // Options of Node such as --cpu-prof or --import apply to the main thread only.
    const worker = new Worker(THREAD, { name: 'partners', workerData, execArgv: [] });
    const port = await portOf(worker);
    return new PartnerSimulator(worker, `http://127.0.0.1:${port}`, onCrash);
  }

  /** Closes the port; waiting calls fail. */
  async close(): Promise<void> {
    this.closing = true;
    await this.worker.terminate();
  }
}

/** The port of the thread. @throws Error if the thread ends before it listens */
function portOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      reject(new Error(`The thread of the partner simulator ended with code ${code} before it listened.`));
    });
  });
}
