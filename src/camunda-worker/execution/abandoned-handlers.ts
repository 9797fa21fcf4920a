import type { RunningTask } from '../task/running-task.js';

/**
 * Handlers that still run although their attempt has failed, by a timeout or an unhandled error.
 *
 * They hold no slot. A late result or error is logged and ignored.
 */
export class AbandonedHandlers {
  private readonly tasks = new Set<RunningTask>();

  /** @param handler settles when the handler ends; it may never do so */
  add(task: RunningTask, handler: Promise<unknown>): void {
    this.tasks.add(task);
    const began = performance.now();
    const end = (facts: Readonly<Record<string, unknown>>): void => {
      this.tasks.delete(task);
      const lateMs = Math.round(performance.now() - began);
      task.logger.warn('A handler ended after its attempt had failed; its result is ignored.', {
        lateMs,
        ...facts,
      });
    };
    handler.then(
      () => {
        end({ ended: 'result' });
      },
      (error: unknown) => {
        end({ ended: 'error', err: error });
      },
    );
  }

  has(task: RunningTask): boolean {
    return this.tasks.has(task);
  }

  get all(): Iterable<RunningTask> {
    return this.tasks;
  }

  /** Number of abandoned handlers of a topic. */
  countOf(topic: string): number {
    let count = 0;
    for (const task of this.tasks) if (task.topic === topic) count += 1;
    return count;
  }
}
