import { setTimeout as delay } from 'node:timers/promises';
import { WriteQueueService } from '../database/index.js';
import { ShutdownService } from '../lifecycle/index.js';

/** Between two transactions, in ms: clients write meanwhile. */
const PAUSE_MS = 50;

/** A pause is as long as the work before it took, up to this, in ms: half of a slow disk is the clients'. */
const LONGEST_PAUSE_MS = 5_000;

/** How often a queue under pressure is checked again, in ms. */
const LOOK_MS = 250;

/** The service stops, and the work with it. */
export class RetentionInterruptedError extends Error {
  override readonly name = 'RetentionInterruptedError';
}

/** Says when retention may go on: not without a pause, not while the write queue has enough to do, not once the service stops. */
export class RetentionPace {
  private readonly stop = new AbortController();

  constructor(
    private readonly queue: WriteQueueService,
    shutdown: ShutdownService,
    private readonly pauseMs = PAUSE_MS,
  ) {
    // In the first phase of the stop, because later phases would wait for the writes of retention, which can be repeated.
    shutdown.register('unready', 'retention', () => {
      this.stop.abort();
    });
  }

  /** Aborts when the service begins to stop. */
  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /**
   * Waits for the end of the pause, and until the queue takes writes and is less than half full.
   *
   * @param workedMs how long the work before it took
   * @throws RetentionInterruptedError
   */
  async rest(workedMs = 0): Promise<void> {
    await this.wait(Math.min(Math.max(this.pauseMs, workedMs), LONGEST_PAUSE_MS));
    while (!this.queue.available || this.queue.overHalf) await this.wait(LOOK_MS);
  }

  private async wait(ms: number): Promise<void> {
    try {
      await delay(ms, undefined, { signal: this.signal });
    } catch (error) {
      throw new RetentionInterruptedError('The service stops.', { cause: error });
    }
  }
}
