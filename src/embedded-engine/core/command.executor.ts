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

/** Callbacks of one commit. */
export interface CommitCallbacks {
  /** The changes are durable. */
  committed(): void;
  /** The store has rejected the changes. */
  rejected(error: Error): void;
}

/** Runs after each command and before its commit. */
export interface CommitHook {
  /** Adds follow-up changes to those of the command, so that both are one commit. */
  beforeCommit(changes: ChangeSet, now: number): CommitCallbacks;
  /** The engine has stopped permanently. */
  stop(error: Error): void;
}

/**
 * Runs commands one at a time. Each command works on copies; its changes become visible together when it has succeeded.
 * Its promise settles when the changes are durable.
 */
export class CommandExecutor {
  /** Set when the executor accepts no more commands. */
  private refusal: EngineError | null = null;
  private stopped: EngineStoppedError | null = null;

  constructor(
    private readonly state: EngineState,
    private readonly store: StateStore,
    readonly clock: () => number,
    /** Serves waiting polls before the commit, so that a completion, the next task and its lock are one commit. */
    private readonly commitHook: CommitHook,
    /** Called once when the engine has stopped permanently. */
    private readonly onStopped: (error: EngineStoppedError) => void = () => undefined,
    /** Runs before each command. */
    private readonly synchronizeClock: () => void = () => undefined,
  ) {}

  /**
   * Why the engine has stopped; null while it runs. After a rejected commit nothing from memory may be returned any
   * more.
   */
  get failure(): EngineStoppedError | null {
    return this.stopped;
  }

  /**
   * @param command synchronous; if it throws, the state stays unchanged
   * @param afterApply runs when the changes are visible and before they are durable
   * @throws EngineClosed after `close()`, EngineStopped after the store has rejected a commit
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

  /** Commits changes that do not come from a command, such as the locks of a poll. */
  async commit(changes: ChangeSet, now: number): Promise<void> {
    let followed: CommitCallbacks | null = null;
    try {
      followed = this.commitHook.beforeCommit(changes, now);
      await this.store.commit(changes);
    } catch (error) {
      // Memory is now ahead of the store, so nothing in it may be acknowledged any more.
      this.stop(error);
    }
    // A commit that settles after a rejected one is built on changes that are lost.
    if (this.failure === null) {
      followed?.committed();
      return;
    }
    followed?.rejected(this.failure);
    throw this.failure;
  }

  /** Commits changes that may be lost with the process; settles when all earlier commits are durable. */
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
