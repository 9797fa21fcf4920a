import type { FetchInput, LockedExternalTask, PendingFetch } from '../core/engine-api.types.js';
import type { Delivery } from '../core/command.executor.js';
import { EngineClosedError, TooManyPollsError } from '../core/engine.errors.js';
import { type ChangeSet, emptyChangeSet } from '../persist/engine-store.js';
import type { AvailableTasks } from './available-tasks.js';
import type { TaskFetcher } from './task.fetcher.js';

/** Parked requests at the most, as in Camunda. */
export const MAX_PARKED_POLLS = 200;

/** Longest time that setTimeout can wait. */
const MAX_TIMER_MS = 2_147_483_647;

interface ParkedPoll {
  readonly input: FetchInput;
  readonly resolve: (tasks: readonly LockedExternalTask[]) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Makes changes durable that come from no command. */
export type Commit = (changes: ChangeSet, now: number) => Promise<void>;

/**
 * The long polls: a fetch that finds nothing is parked and served, in the order of arrival, as soon as a task of its
 * topics becomes available, be it new, unlocked, or fallen due.
 */
export class PollRegistry {
  private readonly parked = new Set<ParkedPoll>();
  private dueTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly fetcher: TaskFetcher,
    private readonly available: AvailableTasks,
    private readonly clock: () => number,
    private readonly commit: Commit,
  ) {}

  /** Fetches now, or parks the request where it finds nothing and may wait. */
  fetch(input: FetchInput): PendingFetch {
    if (this.closed) return answered(Promise.reject(new EngineClosedError()));
    const now = this.clock();
    const changes = emptyChangeSet();
    const tasks = this.fetcher.fetch(input, now, changes);
    if (tasks.length > 0) return answered(this.commit(changes, now).then(() => tasks));
    if (input.asyncResponseTimeout === null || input.asyncResponseTimeout <= 0)
      return answered(Promise.resolve([]));
    if (this.parked.size >= MAX_PARKED_POLLS) return answered(Promise.reject(new TooManyPollsError()));
    return this.park(input, input.asyncResponseTimeout);
  }

  /** Serves who waits for what has become available; the tasks go out when the caller says that they are durable. */
  serve(changes: ChangeSet, now: number): Delivery {
    const served: { readonly poll: ParkedPoll; readonly tasks: readonly LockedExternalTask[] }[] = [];
    const fresh = this.parked.size === 0 ? new Set<string>() : this.available.takeFresh();
    if (fresh.size > 0) {
      for (const poll of this.parked) {
        if (!poll.input.topics.some(({ topicName }) => fresh.has(topicName))) continue;
        const tasks = this.fetcher.fetch(poll.input, now, changes);
        if (tasks.length === 0) continue;
        this.drop(poll);
        served.push({ poll, tasks });
      }
    }
    this.armDueTimer();
    return {
      deliver: () => {
        for (const { poll, tasks } of served) poll.resolve(tasks);
      },
      fail: (error) => {
        for (const { poll } of served) poll.reject(error);
      },
    };
  }

  /** Rejects everybody, and whoever comes later. */
  close(): void {
    this.closed = true;
    clearTimeout(this.dueTimer);
    for (const poll of this.parked) {
      this.drop(poll);
      poll.reject(new EngineClosedError());
    }
  }

  private park(input: FetchInput, timeoutMs: number): PendingFetch {
    let poll: ParkedPoll | undefined;
    const giveUp = (): void => {
      if (poll === undefined || !this.drop(poll)) return;
      poll.resolve([]);
    };
    const tasks = new Promise<readonly LockedExternalTask[]>((resolve, reject) => {
      poll = { input, resolve, reject, timer: setTimeout(giveUp, timeoutMs) };
      this.parked.add(poll);
    });
    this.armDueTimer();
    return { tasks, cancel: giveUp };
  }

  private drop(poll: ParkedPoll): boolean {
    clearTimeout(poll.timer);
    return this.parked.delete(poll);
  }

  /** One timer for the next lock or retry that runs out, and only while somebody waits. */
  private armDueTimer(): void {
    clearTimeout(this.dueTimer);
    if (this.parked.size === 0) return;
    const next = this.available.nextDue();
    if (next === undefined) return;
    const wait = Math.min(Math.max(next - this.clock(), 0), MAX_TIMER_MS);
    this.dueTimer = setTimeout(() => {
      this.serveDue();
    }, wait);
  }

  private serveDue(): void {
    const now = this.clock();
    this.available.promote(now);
    // A store that refuses has stopped the engine; whoever waits is told by `close()`.
    this.commit(emptyChangeSet(), now).catch(() => undefined);
  }
}

function answered(tasks: Promise<readonly LockedExternalTask[]>): PendingFetch {
  return { tasks, cancel: () => undefined };
}
