import type { ChangeSet } from '../state/change-set.js';
import type { StateStore } from '../state/state-store.js';
import {
  EngineClosedError,
  EngineError,
  EngineStoppedError,
  ProcessEngineError,
} from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import { UnitOfWork } from './unit-of-work.js';

/** What followed from a command and waits for its commit. */
export interface CommitCallbacks {
  /** The store has the changes. */
  committed(): void;
  /** The store has refused them. */
  rejected(error: Error): void;
}

/** What takes its turn behind every command, before the commit. */
export interface CommitHook {
  /** Adds to a command's changes what follows from them at once. */
  beforeCommit(changes: ChangeSet, now: number): CommitCallbacks;
  /** The engine has stopped for good. */
  stop(error: Error): void;
}

/**
 * Runs commands one at a time: each works on copies, its changes become visible together after it has succeeded, and
 * its answer waits until the store has them.
 */
export class CommandExecutor {
  /** Why no command is taken any more. */
  private refusal: EngineError | null = null;
  private stopped: EngineStoppedError | null = null;

  constructor(
    private readonly state: EngineState,
    private readonly store: StateStore,
    readonly clock: () => number,
    /** Serves parked polls before the commit, so that a completion, the next task and its lock are one commit. */
    private readonly commitHook: CommitHook,
    /** Is told once that the engine has stopped for good. */
    private readonly onStopped: (error: EngineStoppedError) => void = () => undefined,
    /** Runs before each command. */
    private readonly synchronizeClock: () => void = () => undefined,
  ) {}

  /** Why nothing that memory says may be told any more: the store has refused a commit. Null while it has not. */
  get failure(): EngineStoppedError | null {
    return this.stopped;
  }

  /**
   * @param command synchronous; what it throws leaves the state as it was
   * @param afterApply runs when the changes are visible, before the store has them
   * @throws EngineClosed after `close()`, EngineStopped when the store has refused a commit
   */
  async run<T>(
    command: (work: UnitOfWork) => T,
    afterApply: (result: T) => void = () => undefined,
  ): Promise<T> {
    if (this.refusal !== null) throw this.refusal;
    this.synchronizeClock();
    const work = new UnitOfWork(this.state, this.clock());
    const result = attempt(command, work);
    this.state.apply(work.changes);
    afterApply(result);
    await this.commit(work.changes, work.now);
    return result;
  }

  /** Commits changes that come from no command: a poll that takes tasks by itself. */
  async commit(changes: ChangeSet, now: number): Promise<void> {
    let followed: CommitCallbacks | null = null;
    try {
      followed = this.commitHook.beforeCommit(changes, now);
      await this.store.commit(changes);
    } catch (error) {
      // Memory is ahead of what is kept by now, so nothing that it says may be acknowledged any more.
      this.stop(error);
    }
    // A commit that settles behind one that was refused stands on changes that are lost.
    if (this.failure === null) {
      followed?.committed();
      return;
    }
    followed?.rejected(this.failure);
    throw this.failure;
  }

  /** Takes changes that need not outlive the process; settles when all that was committed before them is durable. */
  async commitDeferrable(changes: ChangeSet): Promise<void> {
    try {
      await this.store.commitDeferrable(changes);
    } catch (error) {
      this.stop(error);
    }
    if (this.failure !== null) throw this.failure;
  }

  close(): void {
    this.refusal ??= new EngineClosedError();
  }

  private stop(cause: unknown): void {
    if (this.stopped !== null) return;
    this.stopped = new EngineStoppedError(cause);
    this.refusal = this.stopped;
    this.commitHook.stop(this.stopped);
    this.onStopped(this.stopped);
  }
}

function attempt<T>(command: (work: UnitOfWork) => T, work: UnitOfWork): T {
  try {
    const result = command(work);
    work.runSuccessCallbacks();
    return result;
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new ProcessEngineError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}
