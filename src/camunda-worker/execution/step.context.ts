import { AsyncLocalStorage } from 'node:async_hooks';
import type { RunningTask } from '../task/running-task.js';

/** Since Node 24 an AsyncLocalStorage is almost free; before, it took a seventh of the processor time (decision 0016). */
const CHEAP_FROM_NODE = 24;

/** Tracks which step the current code belongs to. Does nothing on older versions of Node, because it is too slow there. */
export class StepContext {
  private readonly storage: AsyncLocalStorage<RunningTask> | null;

  /** @param nodeVersion for example `process.versions.node` */
  constructor(nodeVersion: string) {
    this.storage =
      Number.parseInt(nodeVersion, 10) >= CHEAP_FROM_NODE ? new AsyncLocalStorage<RunningTask>() : null;
  }

  /** Runs work in the context of a step. */
  run<T>(task: RunningTask, work: () => T): T {
    return this.storage === null ? work() : this.storage.run(task, work);
  }

  /** The step whose code, promise or timer runs now; null if unknown. */
  get current(): RunningTask | null {
    return this.storage?.getStore() ?? null;
  }
}
