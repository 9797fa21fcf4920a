import { Logger } from '@nestjs/common';
import type { ShutdownService } from './shutdown.service.js';

/** What a {@link PeriodicTask} does, and how often. */
export interface PeriodicWork {
  /** For the log and the stop. */
  readonly name: string;
  /** Milliseconds from the end of one round to the begin of the next. */
  readonly everyMs: number;
  /** Milliseconds from the start to the begin of the first round; absent: at once. */
  readonly firstAfterMs?: number;
  /** Milliseconds behind a round that failed; `everyMs` where absent. */
  readonly retryMs?: number;
  readonly run: () => Promise<void>;
  /** Awaited at a stop after the last round, for work that a round has begun but not awaited. */
  readonly drain?: () => Promise<void>;
}

/**
 * Runs something periodically, never twice at the same time. A failure is logged once until a round succeeds. The drain
 * of a stop ends it.
 */
export class PeriodicTask {
  private readonly logger = new Logger('PeriodicTask');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | null = null;
  private stopped = false;
  private requested = false;
  private failing = false;

  constructor(
    private readonly work: PeriodicWork,
    shutdown: ShutdownService,
  ) {
    shutdown.register('drain', work.name, async () => {
      this.stopped = true;
      clearTimeout(this.timer);
      await this.round;
      await work.drain?.();
    });
  }

  /** Runs the first round, now or after its time. */
  start(): void {
    const { firstAfterMs = 0 } = this.work;
    if (firstAfterMs > 0) this.runIn(firstAfterMs);
    else void this.runNow();
  }

  /** Runs a round at once, or waits for the one under way; never rejects. */
  runNow(): Promise<void> {
    clearTimeout(this.timer);
    this.round ??= this.runRound().then((nextInMs) => {
      this.round = null;
      if (this.stopped) return;
      if (!this.requested) {
        this.runIn(nextInMs);
        return;
      }
      this.requested = false;
      void this.runNow();
    });
    return this.round;
  }

  /** Makes a round begin after this call: now, or directly after the round under way. */
  requestRound(): void {
    if (this.round === null) void this.runNow();
    else this.requested = true;
  }

  private runIn(ms: number): void {
    this.timer = setTimeout(() => void this.runNow(), ms);
    this.timer.unref();
  }

  /** @returns milliseconds until the next one */
  private async runRound(): Promise<number> {
    const { name, everyMs, retryMs = everyMs, run } = this.work;
    if (this.stopped) return everyMs;
    try {
      await run();
      if (this.failing) this.logger.log(`The ${name} works again.`);
      this.failing = false;
      return everyMs;
    } catch (error) {
      this.noteFailure(error);
      return retryMs;
    }
  }

  private noteFailure(error: unknown): void {
    // A long outage is logged once; a round that the stop interrupts is not tried again.
    if (!this.failing && !this.stopped)
      this.logger.warn({ msg: `The ${this.work.name} failed; it is tried again.`, err: error });
    this.failing = true;
  }
}
