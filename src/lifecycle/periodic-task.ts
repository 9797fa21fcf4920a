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
}

/** Does something again and again, never twice at once; a failure is logged once until a round succeeds. Ends with the drain of a stop. */
export class PeriodicTask {
  private readonly logger = new Logger('PeriodicTask');
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<void> | null = null;
  private stopped = false;
  private failing = false;

  constructor(
    private readonly work: PeriodicWork,
    shutdown: ShutdownService,
  ) {
    shutdown.register('drain', work.name, async () => {
      this.stopped = true;
      clearTimeout(this.timer);
      await this.round;
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
      if (!this.stopped) this.runIn(nextInMs);
    });
    return this.round;
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
      // An engine that is away for an hour is told once.
      if (!this.failing) this.logger.warn({ msg: `The ${name} failed; it is tried again.`, err: error });
      this.failing = true;
      return retryMs;
    }
  }
}
