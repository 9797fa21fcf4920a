import type { CommitCallbacks, CommitHook } from '../core/command.executor.js';
import type { FetchInput, LockedExternalTask, PendingFetch } from './fetch-and-lock.types.js';
import { EngineClosedError, TooManyPollsError } from '../state/engine.errors.js';
import { type ChangeSet, emptyChangeSet } from '../state/change-set.js';
import type { AvailableTasks } from './available-tasks.js';
import type { InProcessLocks } from './in-process.locks.js';
import { resolvePoll, type Poll, createPoll, rejectPoll, toError } from './poll.request.js';
import type { TaskFetcher } from './task.fetcher.js';

/** Parked requests at the most, as in Camunda. */
export const MAX_PARKED_POLLS = 200;

/** Longest time that setTimeout can wait. */
const MAX_TIMER_MS = 2_147_483_647;

/** Takes changes that come from no command. */
interface PollCommitter {
  /** Settles when they are durable. */
  commit(changes: ChangeSet, now: number): Promise<void>;
  /** They need not outlive the process; settles when what was committed before is durable. */
  commitDeferrable(changes: ChangeSet): Promise<void>;
}

/**
 * The long polls: a fetch that finds nothing is parked and served, in the order of arrival, as soon as a task of its
 * topics becomes available, be it new, unlocked, or fallen due.
 */
export class PollRegistry implements CommitHook {
  private readonly parked = new Set<Poll>();
  private dueTimer: NodeJS.Timeout | undefined;
  /** When `dueTimer` goes off, as far as it was asked to. */
  private armedFor: number | undefined;
  private refusal: Error | null = null;

  constructor(
    private readonly fetcher: TaskFetcher,
    private readonly available: AvailableTasks,
    private readonly clock: () => number,
    private readonly committer: PollCommitter,
    private readonly inProcessLocks: InProcessLocks,
    private readonly synchronizeClock: () => void = () => undefined,
  ) {}

  /** Fetches now, or parks the request where it finds nothing and may wait. */
  fetch(input: FetchInput): PendingFetch {
    if (this.refusal !== null) return answered(Promise.reject(this.refusal));
    this.synchronizeClock();
    const now = this.clock();
    const changes = emptyChangeSet();
    // What has fallen due since the last turn goes first to those who have waited for it.
    const others = this.beforeCommit(changes, now);
    // Their locks have to be durable, whatever this caller's have to be.
    const isDeferrable = input.sharesProcess === true && changes.tasks.size === 0;
    const tasks = this.fetcher.fetch(input, now, changes);
    const committed = isDeferrable ? this.commitDeferrable(changes) : this.commitFor(others, changes, now);
    const poll = createPoll(input);
    if (tasks.length > 0) {
      poll.locked = tasks;
      committed.then(
        () => {
          resolvePoll(poll);
        },
        (error: unknown) => {
          rejectPoll(poll, toError(error));
        },
      );
      return this.pending(poll);
    }
    // Whoever else was served hears of a refusal; this request is then rejected as a parked one.
    committed.catch(() => undefined);
    const { asyncResponseTimeout } = input;
    if (asyncResponseTimeout === null || asyncResponseTimeout <= 0) return answered(Promise.resolve([]));
    if (this.parked.size >= MAX_PARKED_POLLS) return answered(Promise.reject(new TooManyPollsError()));
    this.park(poll, asyncResponseTimeout);
    return this.pending(poll);
  }

  /** Serves who waits for what has become available; the tasks go out when they are durable. */
  beforeCommit(changes: ChangeSet, now: number): CommitCallbacks {
    const served: Poll[] = [];
    this.available.promote(now);
    const fresh = this.available.takeChangedTopics();
    if (fresh.size > 0) {
      for (const poll of this.parked) {
        if (!poll.input.topics.some(({ topicName }) => fresh.has(topicName))) continue;
        const tasks = this.fetcher.fetch(poll.input, now, changes);
        if (tasks.length === 0) continue;
        this.drop(poll);
        poll.locked = tasks;
        served.push(poll);
      }
    }
    this.armDueTimer();
    return {
      committed: () => {
        this.inProcessLocks.confirm(changes);
        for (const poll of served) resolvePoll(poll);
      },
      rejected: (error) => {
        for (const poll of served) rejectPoll(poll, error);
      },
    };
  }

  /** Rejects everybody who waits, and whoever comes later. */
  stop(error: Error): void {
    this.refusal ??= error;
    for (const poll of this.parked) {
      this.drop(poll);
      poll.reject(error);
    }
  }

  close(): void {
    this.stop(new EngineClosedError());
  }

  private async commitDeferrable(changes: ChangeSet): Promise<void> {
    if (changes.tasks.size === 0) return;
    // No turn follows that would look when these locks run out.
    this.armDueTimer();
    await this.committer.commitDeferrable(changes);
    this.inProcessLocks.add(changes);
  }

  private async commitFor(others: CommitCallbacks, changes: ChangeSet, now: number): Promise<void> {
    if (changes.tasks.size === 0) return;
    try {
      await this.committer.commit(changes, now);
    } catch (error) {
      others.rejected(toError(error));
      throw error;
    }
    others.committed();
  }

  private park(poll: Poll, timeoutMs: number): void {
    poll.timer = setTimeout(() => {
      this.cancel(poll);
    }, timeoutMs);
    this.parked.add(poll);
    this.armDueTimer();
  }

  private pending(poll: Poll): PendingFetch {
    return {
      tasks: poll.answer,
      cancel: () => {
        this.cancel(poll);
      },
    };
  }

  /** Answers with nothing; what has been locked for it meanwhile is given back at once, to whoever waits for it. */
  private cancel(poll: Poll): void {
    const { locked } = poll;
    poll.locked = [];
    if (this.drop(poll) || locked.length > 0) poll.resolve([]);
    if (locked.length === 0 || this.refusal !== null) return;
    const changes = emptyChangeSet();
    this.fetcher.release(locked, changes);
    // A store that refuses stops the engine, which tells whoever waits.
    if (changes.tasks.size > 0) this.committer.commit(changes, this.clock()).catch(() => undefined);
  }

  private drop(poll: Poll): boolean {
    clearTimeout(poll.timer);
    const wasParked = this.parked.delete(poll);
    // Nobody waits any more, so the timer must not keep the process alive.
    if (this.parked.size === 0) this.disarm();
    return wasParked;
  }

  /** One timer for the next lock or retry that runs out, and only while somebody waits. */
  private armDueTimer(): void {
    const next = this.parked.size === 0 ? undefined : this.available.nextDue();
    if (next === this.armedFor) return;
    this.disarm();
    if (next === undefined) return;
    this.armedFor = next;
    const wait = Math.min(Math.max(next - this.clock(), 0), MAX_TIMER_MS);
    this.dueTimer = setTimeout(() => {
      this.armedFor = undefined;
      this.serveDue();
    }, wait);
  }

  private disarm(): void {
    clearTimeout(this.dueTimer);
    this.armedFor = undefined;
  }

  private serveDue(): void {
    this.synchronizeClock();
    const now = this.clock();
    const changes = emptyChangeSet();
    const served = this.beforeCommit(changes, now);
    // A store that refuses stops the engine, which tells whoever waits.
    this.commitFor(served, changes, now).catch(() => undefined);
  }
}

function answered(tasks: Promise<readonly LockedExternalTask[]>): PendingFetch {
  return { tasks, cancel: () => undefined };
}
