import type { Followed, Follower } from '../core/command.executor.js';
import type { FetchInput, LockedExternalTask, PendingFetch } from '../core/engine-api.types.js';
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
export class PollRegistry implements Follower {
  private readonly parked = new Set<ParkedPoll>();
  private dueTimer: NodeJS.Timeout | undefined;
  /** When `dueTimer` goes off, as far as it was asked to. */
  private armedFor: number | undefined;
  private refusal: Error | null = null;

  constructor(
    private readonly fetcher: TaskFetcher,
    private readonly available: AvailableTasks,
    private readonly clock: () => number,
    private readonly commit: Commit,
  ) {}

  /** Fetches now, or parks the request where it finds nothing and may wait. */
  fetch(input: FetchInput): PendingFetch {
    if (this.refusal !== null) return answered(Promise.reject(this.refusal));
    const now = this.clock();
    const changes = emptyChangeSet();
    // What has fallen due since the last turn goes first to those who have waited for it.
    const others = this.follow(changes, now);
    const tasks = this.fetcher.fetch(input, now, changes);
    const committed = changes.tasks.size > 0 ? this.commitFor(others, changes, now) : Promise.resolve();
    if (tasks.length > 0) return answered(committed.then(() => tasks));
    // Whoever else was served hears of a refusal; this request is then rejected as a parked one.
    committed.catch(() => undefined);
    const { asyncResponseTimeout } = input;
    if (asyncResponseTimeout === null || asyncResponseTimeout <= 0) return answered(Promise.resolve([]));
    if (this.parked.size >= MAX_PARKED_POLLS) return answered(Promise.reject(new TooManyPollsError()));
    return this.park(input, asyncResponseTimeout);
  }

  /** Serves who waits for what has become available; the tasks go out when they are durable. */
  follow(changes: ChangeSet, now: number): Followed {
    const served: { readonly poll: ParkedPoll; readonly tasks: readonly LockedExternalTask[] }[] = [];
    this.available.promote(now);
    const fresh = this.available.takeFresh();
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
      durable: () => {
        for (const { poll, tasks } of served) poll.resolve(tasks);
      },
      refused: (error) => {
        for (const { poll } of served) poll.reject(error);
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

  private async commitFor(others: Followed, changes: ChangeSet, now: number): Promise<void> {
    try {
      await this.commit(changes, now);
    } catch (error) {
      others.refused(error instanceof Error ? error : new Error(String(error)));
      throw error;
    }
    others.durable();
  }

  private park(input: FetchInput, timeoutMs: number): PendingFetch {
    let giveUp = (): void => undefined;
    const tasks = new Promise<readonly LockedExternalTask[]>((resolve, reject) => {
      giveUp = () => {
        if (this.drop(poll)) resolve([]);
      };
      const poll = { input, resolve, reject, timer: setTimeout(giveUp, timeoutMs) };
      this.parked.add(poll);
    });
    this.armDueTimer();
    return { tasks, cancel: giveUp };
  }

  private drop(poll: ParkedPoll): boolean {
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
    const now = this.clock();
    const changes = emptyChangeSet();
    const served = this.follow(changes, now);
    // A store that refuses stops the engine, which tells whoever waits.
    if (changes.tasks.size > 0) this.commitFor(served, changes, now).catch(() => undefined);
  }
}

function answered(tasks: Promise<readonly LockedExternalTask[]>): PendingFetch {
  return { tasks, cancel: () => undefined };
}
