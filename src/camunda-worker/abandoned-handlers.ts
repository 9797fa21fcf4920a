import type { RunningTask } from './running-task.js';

/**
 * Handlers that still run though their attempt has failed: over their time, or aborted for an unhandled error.
 *
 * They hold no slot. What they still bring is logged and ignored.
 */
export class AbandonedHandlers {
  private readonly tasks = new Set<RunningTask>();

  /** @param handler settles when the handler ends, if ever */
  add(task: RunningTask, handler: Promise<unknown>): void {
    this.tasks.add(task);
    const began = performance.now();
    const end = (facts: Readonly<Record<string, unknown>>): void => {
      this.tasks.delete(task);
      const lateMs = Math.round(performance.now() - began);
      task.logger.warn('A handler ended after its attempt had failed; it is ignored.', { lateMs, ...facts });
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

  /** How many there are of a topic. */
  countOf(topic: string): number {
    let count = 0;
    for (const task of this.tasks) if (task.topic === topic) count += 1;
    return count;
  }
}
