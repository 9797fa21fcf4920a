import { AsyncLocalStorage } from 'node:async_hooks';
import type { RunningTask } from './running-task.js';

/** From this Node on an asynchronous context costs nothing; before, a seventh of all processor time (decision 0016). */
const CHEAP_FROM_NODE = 24;

/** Knows in whose step code runs, where Node tells that for nothing; elsewhere it knows nothing. */
export class StepContext {
  private readonly storage: AsyncLocalStorage<RunningTask> | null;

  /** @param nodeVersion as `process.versions.node` has it */
  constructor(nodeVersion: string) {
    this.storage =
      Number.parseInt(nodeVersion, 10) >= CHEAP_FROM_NODE ? new AsyncLocalStorage<RunningTask>() : null;
  }

  /** Runs work as a step's. */
  run<T>(task: RunningTask, work: () => T): T {
    return this.storage === null ? work() : this.storage.run(task, work);
  }

  /** The step whose code, promise or timer runs now; null if it is not known. */
  get current(): RunningTask | null {
    return this.storage?.getStore() ?? null;
  }
}
