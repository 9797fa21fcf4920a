import { ExpressionError } from '../el/index.js';
import type { ChangeSet, EngineStore } from '../persist/engine-store.js';
import { EngineClosedError, ProcessEngineError } from './engine.errors.js';
import type { EngineState } from './engine.state.js';
import { UnitOfWork } from './unit-of-work.js';

/** What is to be told once it is known whether the store has the changes. */
export interface Delivery {
  deliver(): void;
  fail(error: Error): void;
}

/** Adds to a command's changes what follows from them at once. */
export type Follower = (changes: ChangeSet, now: number) => Delivery;

/**
 * Runs commands one at a time: each works on copies, its changes become visible together after it has succeeded, and
 * its answer waits until the store has them.
 */
export class CommandExecutor {
  private closed = false;

  constructor(
    private readonly state: EngineState,
    private readonly store: EngineStore,
    readonly clock: () => number,
    /** Serves parked polls before the commit, so that a completion, the next task and its lock are one commit. */
    private readonly follow: Follower,
    /** The memory is ahead of what the store has: the engine must stop. */
    private readonly onStoreFailure: () => void = () => undefined,
  ) {}

  /**
   * @param command synchronous; what it throws leaves the state as it was
   * @param afterApply runs when the changes are visible, before the store has them
   */
  async run<T>(
    command: (work: UnitOfWork) => T,
    afterApply: (result: T) => void = () => undefined,
  ): Promise<T> {
    if (this.closed) throw new EngineClosedError();
    const work = new UnitOfWork(this.state, this.clock());
    const result = this.attempt(command, work);
    this.state.apply(work.changes);
    afterApply(result);
    await this.commit(work.changes, work.now);
    return result;
  }

  /** Commits changes that come from no command: a poll that takes tasks by itself. */
  async commit(changes: ChangeSet, now: number): Promise<void> {
    const delivery = this.follow(changes, now);
    try {
      await this.store.commit(changes);
    } catch (error) {
      const failure = new ProcessEngineError('The store did not take a change: the engine has stopped.', {
        cause: error,
      });
      this.close();
      delivery.fail(failure);
      this.onStoreFailure();
      throw failure;
    }
    delivery.deliver();
  }

  close(): void {
    this.closed = true;
  }

  private attempt<T>(command: (work: UnitOfWork) => T, work: UnitOfWork): T {
    try {
      return command(work);
    } catch (error) {
      if (error instanceof ExpressionError) throw new ProcessEngineError(error.message, { cause: error });
      throw error;
    }
  }
}
