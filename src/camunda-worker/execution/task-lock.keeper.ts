import { EngineResponseError } from '../../camunda-engine/index.js';
import type { RunningTask } from '../task/running-task.js';

/** A lock is extended after this share of its duration, so that one failed extension does no harm. */
const EXTEND_AFTER = 1 / 3;

/**
 * Extends the lock of a task while its handler runs and its event row is written.
 *
 * If the engine answers that another worker holds the lock, or that the task no longer exists, the task's signal aborts.
 * The lock is no longer extended after that, or after the service has aborted the task at a stop.
 */
export class TaskLockKeeper {
  private timer: NodeJS.Timeout | null = null;
  private extension: Promise<void> | null = null;
  private stopped = false;
  private until: number;

  /** @param lockDurationMs lock duration of the fetch that has just returned the task */
  constructor(
    private readonly task: RunningTask,
    private readonly lockDurationMs: number,
  ) {
    this.until = performance.now() + lockDurationMs;
    task.abortSignal.addEventListener('abort', () => {
      // A failed attempt still has to be reported, under this lock.
      if (task.failure === null) this.disarm();
    });
    this.arm();
  }

  /** When the lock expires, on the clock of `performance.now()`. */
  get heldUntil(): number {
    return this.until;
  }

  /** Stops extending. Waits for an extension in flight, which would conflict with the engine call that follows. */
  async stop(): Promise<void> {
    this.disarm();
    await this.extension;
  }

  private disarm(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private arm(): void {
    this.timer = setTimeout(() => {
      this.extension = this.extend();
    }, this.lockDurationMs * EXTEND_AFTER);
  }

  private async extend(): Promise<void> {
    const asked = performance.now();
    try {
      await this.task.calls.extendLock(this.task.taskId, this.lockDurationMs);
      this.until = asked + this.lockDurationMs;
    } catch (error) {
      if (isLockLost(error)) {
        this.task.logger.warn('The lock of a running task is lost.', { err: error });
        this.task.abort('lock-lost', error);
        return;
      }
      if (error instanceof EngineResponseError && error.suspended) {
        this.task.logger.debug(
          'The lock of a suspended task cannot be extended; no other worker gets the task.',
        );
      } else {
        this.task.logger.warn('A lock could not be extended; the extension is repeated.', { err: error });
      }
    }
    if (!this.stopped) this.arm();
  }
}

function isLockLost(error: unknown): boolean {
  if (!(error instanceof EngineResponseError)) return false;
  if (error.status === 404) return true;
  // A suspended instance answers 400 as well, but its task is delivered to no other worker.
  return error.status === 400 && !error.suspended;
}
