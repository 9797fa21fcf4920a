import { Logger } from '@nestjs/common';
import { backOffMs } from '../../camunda-engine/index.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/** A shortage this soon after a pause counts as the same shortage: the next pause is longer. */
const SAME_WITHIN_MS = 5_000;

/** Pauses fetching while the process is out of file descriptors or buffers, because fetched tasks would fail. */
export class OutOfResourcesPause {
  private readonly logger = new Logger(OutOfResourcesPause.name);
  private timer: NodeJS.Timeout | null = null;
  private pauses = 0;
  private endedAt = -Infinity;

  /** @param setPaused pauses fetching (true) or resumes it (false) */
  constructor(private readonly setPaused: (isPaused: boolean) => void) {}

  /** Notes that a step failed because of the shortage. */
  note(error: unknown): void {
    if (this.timer !== null) return;
    this.pauses = performance.now() - this.endedAt < SAME_WITHIN_MS ? this.pauses + 1 : 1;
    if (this.pauses === 1) {
      this.logger.error({
        msg:
          'The process is out of file descriptors or buffers: no tasks are fetched for a while, and the steps that failed ' +
          'are retried without using up a retry. Raise the limit (ulimit -n), or lower HTTP_MAX_CONNECTIONS or CAMUNDA_MAX_TASKS.',
        err: error,
      });
    }
    this.setPaused(true);
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.endedAt = performance.now();
        this.setPaused(false);
      },
      backOffMs(this.pauses, FIRST_PAUSE_MS, LONGEST_PAUSE_MS),
    ).unref();
  }
}
