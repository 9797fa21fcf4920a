import { Logger } from '@nestjs/common';
import { backOffMs } from '../camunda-engine/index.js';

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 10_000;

/** A shortage that comes back this soon after a pause is the same one. */
const SAME_WITHIN_MS = 5_000;

/** Holds fetching back while the process is out of file descriptors or buffers: a task that is fetched would fail for it. */
export class StarvationPause {
  private readonly logger = new Logger(StarvationPause.name);
  private timer: NodeJS.Timeout | null = null;
  private pauses = 0;
  private endedAt = -Infinity;

  /** @param hold pauses fetching (true) and lets it go on (false) */
  constructor(private readonly hold: (isHeld: boolean) => void) {}

  /** A step has failed for it. */
  note(error: unknown): void {
    if (this.timer !== null) return;
    this.pauses = performance.now() - this.endedAt < SAME_WITHIN_MS ? this.pauses + 1 : 1;
    if (this.pauses === 1) {
      this.logger.error({
        msg:
          'The process is out of file descriptors or buffers: no tasks are fetched for a while, and steps that met it are ' +
          'made again without using up an attempt. Raise the limit (ulimit -n), or lower HTTP_MAX_CONNECTIONS or CAMUNDA_MAX_TASKS.',
        err: error,
      });
    }
    this.hold(true);
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.endedAt = performance.now();
        this.hold(false);
      },
      backOffMs(this.pauses, FIRST_PAUSE_MS, LONGEST_PAUSE_MS),
    ).unref();
  }
}
