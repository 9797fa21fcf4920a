import { delayUntil } from '../core/timer.delay.js';
import type { CommitCallbacks, CommitHook } from '../core/command.executor.js';
import type { FetchInput, LockedExternalTask, PendingFetch } from './fetch-and-lock.types.js';
import { EngineClosedError, TooManyPollsError } from '../state/engine.errors.js';
import { type ChangeSet, emptyChangeSet } from '../state/change-set.js';
import type { AvailableTasks } from './available-tasks.js';
import type { InProcessLocks } from './in-process.locks.js';
import { resolvePoll, type Poll, createPoll, rejectPoll, toError } from './poll.request.js';
import type { TaskFetcher } from './task.fetcher.js';

/** Maximum number of waiting polls, as in Camunda. */
export const MAX_PARKED_POLLS = 200;

/** Commits changes that do not come from a command. */
interface PollCommitter {
  /** Settles when the changes are durable. */
  commit(changes: ChangeSet, now: number): Promise<void>;
  /** Commits changes that may be lost with the process; settles when all earlier commits are durable. */
  commitDeferrable(changes: ChangeSet): Promise<void>;
}

/**
 * The long polls: a fetch that finds nothing waits. Polls are served in the order of their arrival as soon as a task of
 * their topics becomes available: new, unlocked, or due again.
 */
export class PollRegistry implements CommitHook {
  private readonly parked = new Set<Poll>();
  private dueTimer: NodeJS.Timeout | undefined;
  /** When `dueTimer` fires. */
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

  /** Fetches now, or lets the request wait if it finds nothing and has a timeout. */
  fetch(input: FetchInput): PendingFetch {
    if (this.refusal !== null) return answered(Promise.reject(this.refusal));
    this.synchronizeClock();
    const now = this.clock();
    const changes = emptyChangeSet();
    // Tasks that became due since the last command go to waiting polls first.
    const others = this.beforeCommit(changes, now);
    // The locks of other polls must be durable even if this caller's need not be.
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
    // The other served polls are rejected separately; this request is then rejected like a waiting one.
    committed.catch(() => undefined);
    const { asyncResponseTimeout } = input;
    if (asyncResponseTimeout === null || asyncResponseTimeout <= 0) return answered(Promise.resolve([]));
    if (this.parked.size >= MAX_PARKED_POLLS) return answered(Promise.reject(new TooManyPollsError()));
    this.park(poll, asyncResponseTimeout);
    return this.pending(poll);
  }

  /** Serves polls that wait for newly available tasks; they receive the tasks when the locks are durable. */
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

  /** Rejects all waiting polls and all later ones. */
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
    // No command follows that would check when these locks expire.
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

  /** Responds without tasks. Tasks that were locked meanwhile are released at once for other polls. */
  private cancel(poll: Poll): void {
    const { locked } = poll;
    poll.locked = [];
    if (this.drop(poll) || locked.length > 0) poll.resolve([]);
    if (locked.length === 0 || this.refusal !== null) return;
    const changes = emptyChangeSet();
    this.fetcher.release(locked, changes);
    // A store that rejects the commit stops the engine, which rejects the waiting polls.
    if (changes.tasks.size > 0) this.committer.commit(changes, this.clock()).catch(() => undefined);
  }

  private drop(poll: Poll): boolean {
    clearTimeout(poll.timer);
    const wasParked = this.parked.delete(poll);
    // Without waiting polls the timer must not keep the process alive.
    if (this.parked.size === 0) this.disarm();
    return wasParked;
  }

  /** Arms one timer for the next lock or retry that expires, only while polls wait. */
  private armDueTimer(): void {
    const next = this.parked.size === 0 ? undefined : this.available.nextDue();
    if (next === this.armedFor) return;
    this.disarm();
    if (next === undefined) return;
    this.armedFor = next;
    const wait = delayUntil(next, this.clock());
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
    // A store that rejects the commit stops the engine, which rejects the waiting polls.
    this.commitFor(served, changes, now).catch(() => undefined);
  }
}

function answered(tasks: Promise<readonly LockedExternalTask[]>): PendingFetch {
  return { tasks, cancel: () => undefined };
}
