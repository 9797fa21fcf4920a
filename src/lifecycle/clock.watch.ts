import { Injectable, Logger } from '@nestjs/common';
import { ShutdownService } from './shutdown.service.js';

/** Milliseconds between two comparisons of the clocks. */
const INTERVAL_MS = 1_000;

/** Milliseconds that the clocks may drift apart between two comparisons without the clock having been set. */
const TOLERANCE_MS = 1_000;

/**
 * Detects changes of the system clock, by an operator, a time server or a machine that slept.
 *
 * Durations are measured by `performance.now()`, which never jumps. Whatever has to store a clock time, in a table or in
 * a library, registers here to adjust it.
 */
@Injectable()
export class ClockWatch {
  private readonly logger = new Logger(ClockWatch.name);
  private readonly listeners: ((byMs: number) => void)[] = [];
  private offset = Date.now() - performance.now();

  constructor(shutdown: ShutdownService) {
    const timer = setInterval(() => {
      this.compare();
    }, INTERVAL_MS).unref();
    shutdown.register('release', 'clock watch', () => {
      clearInterval(timer);
    });
  }

  /** @param listener receives the change in milliseconds, negative if the clock was set back; must not throw */
  onSet(listener: (byMs: number) => void): void {
    this.listeners.push(listener);
  }

  private compare(): void {
    const offset = Date.now() - performance.now();
    const byMs = Math.round(offset - this.offset);
    if (Math.abs(byMs) <= TOLERANCE_MS) return;
    this.offset = offset;
    this.logger.warn({ msg: 'The system clock was set; due times are adjusted.', byMs });
    for (const listener of this.listeners) listener(byMs);
  }
}
