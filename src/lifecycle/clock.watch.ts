import { Injectable, Logger } from '@nestjs/common';
import { ShutdownService } from './shutdown.service.js';

/** How often the clocks are compared. */
const LOOK_MS = 1_000;

/** What the two clocks may drift apart between two looks without the time having been set. */
const TOLERANCE_MS = 1_000;

/**
 * Notices that the system's clock was set, by an operator, a time server or a machine that slept.
 *
 * Durations are measured by `performance.now()`, which nobody sets. What has to keep a time of the clock, in a table or
 * in a library, is told here that it means another moment now.
 */
@Injectable()
export class ClockWatch {
  private readonly logger = new Logger(ClockWatch.name);
  private readonly listeners: ((byMs: number) => void)[] = [];
  private offset = Date.now() - performance.now();

  constructor(shutdown: ShutdownService) {
    const timer = setInterval(() => {
      this.look();
    }, LOOK_MS).unref();
    shutdown.register('release', 'clock watch', () => {
      clearInterval(timer);
    });
  }

  /** @param listener gets by how many milliseconds the clock was set, negative where back; must not throw */
  onSet(listener: (byMs: number) => void): void {
    this.listeners.push(listener);
  }

  private look(): void {
    const offset = Date.now() - performance.now();
    const byMs = Math.round(offset - this.offset);
    if (Math.abs(byMs) <= TOLERANCE_MS) return;
    this.offset = offset;
    this.logger.warn({ msg: 'The clock was set; what is due by it is looked at again.', byMs });
    for (const listener of this.listeners) listener(byMs);
  }
}
