import { EngineResponseError } from '../camunda-engine/index.js';
import type { RunningTask } from './running-task.js';

/** A lock is extended when this part of it has passed, so that one lost extension does no harm. */
const EXTEND_AFTER = 1 / 3;

/**
 * Keeps the lock of a task while its handler runs and its event row is written.
 *
 * When the engine says that the lock is another's, or the task gone, the task's signal aborts. The lock of a task that is
 * aborted for that, or because the service stops, is left to its end.
 */
export class TaskLockKeeper {
  private timer: NodeJS.Timeout | null = null;
  private extension: Promise<void> | null = null;
  private stopped = false;
  private until: number;

  /** @param lockDurationMs as it was fetched, just now */
  constructor(
    private readonly task: RunningTask,
    private readonly lockDurationMs: number,
  ) {
    this.until = performance.now() + lockDurationMs;
    task.abortSignal.addEventListener('abort', () => {
      // What has failed from outside is still to be reported, under this lock.
      if (task.failure === null) this.disarm();
    });
    this.arm();
  }

  /** Until when the lock is held, on the clock of `performance.now()`. */
  get heldUntil(): number {
    return this.until;
  }

  /** Ends the extension; what is on its way is awaited, because it would collide with the engine call that follows. */
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
        this.task.logger.debug('The lock of a suspended task cannot be extended; nobody else gets the task.');
      } else {
        this.task.logger.warn('A lock could not be extended; it is tried again.', { err: error });
      }
    }
    if (!this.stopped) this.arm();
  }
}

function isLockLost(error: unknown): boolean {
  if (!(error instanceof EngineResponseError)) return false;
  if (error.status === 404) return true;
  // A suspended instance refuses with 400 as well, but hands the task to nobody else.
  return error.status === 400 && !error.suspended;
}
