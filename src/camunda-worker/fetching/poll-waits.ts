import { Logger } from '@nestjs/common';
import type { Delivery } from './fetched-task.reader.js';

/** A task that is fetched at an age of this part of the wait was fetched late, within limits in milliseconds. */
const LATE_PART = 1 / 8;
const LEAST_LATE_MS = 250;
const MOST_LATE_MS = 1_000;

/** Milliseconds by which the clocks of two engine nodes and the way of an answer may blur the age of a task. */
const BLUR_MS = 50;

/** Milliseconds by which two clocks may differ over the wait of a poll. */
const CLOCK_MS = 2;

/** The waits between the configured one and the shortest, in milliseconds. */
const STEPS_MS = [1_000, 500];

/** Weight of the missed tasks from which the polls are shortened for the first time: three. Afterwards one is enough. */
const FIRST_WEIGHT = 2.5;
const MOST_WEIGHT = 3;

/** A task that was fetched in time outweighs this part of a missed one: fewer than 1 % missed change nothing. */
const IN_TIME_WEIGHT = 0.01;

/** Milliseconds without a missed task before a longer wait is tried; doubled each time that it misses one again. */
const FIRST_QUIET_MS = 60_000;
const LONGEST_QUIET_MS = 3_600_000;

/** Fetched tasks without a missed one before a longer wait is tried: without tasks nothing could be missed. */
const QUIET_TASKS = 20;

/** A poll in flight. */
export interface SentPoll {
  /** Of `performance.now()`, in milliseconds. */
  readonly sentAt: number;
  /** Milliseconds that the engine may hold it. */
  readonly waitMs: number;
  readonly topics: ReadonlySet<string>;
}

/** State of the waits, for the health endpoints. */
export interface PollWaitState {
  /** Milliseconds that the engine may hold a poll that finds no task. */
  readonly waitMs: number;
  /** True if the engine missed to wake polls, as an engine with several nodes does, and the polls are therefore shorter. */
  readonly isShortened: boolean;
  /** Tasks since the boot that an open poll should have brought at once, and that came late. */
  readonly missedTasks: number;
}

/**
 * Decides how long polls wait in the engine.
 *
 * A node of an engine cluster does not wake its waiting polls for a task that another node creates. Such a task comes late,
 * although a poll for its topic was open at its creation: with a poll that ran to its end, with one that was sent after its
 * creation, or with a younger task that woke the poll. The polls are then shortened step by step, and lengthened again when
 * no task is missed.
 *
 * The age of a task is the difference of two times of the engine, its creation and the begin of its lock, so the clock of
 * this process does not matter. Retries do not count, because their creation is old, nor does a task that alone ends a
 * waiting poll, because its transaction may have been long.
 */
export class PollWaits {
  private readonly logger = new Logger(PollWaits.name);
  /** In milliseconds, the longest first. */
  private readonly waits: readonly number[];
  private readonly open = new Set<SentPoll>();
  private step = 0;
  private weight = 0;
  private missedTasks = 0;
  private tasksSince = 0;
  private changedAt = -Infinity;
  private lastMissAt = -Infinity;
  private quietMs = FIRST_QUIET_MS;
  private isTrial = false;

  /**
   * @param longestMs wait that is configured; 0: polls do not wait
   * @param shortestMs lower limit; `longestMs` or more: the wait never changes
   * @param now monotonic, in milliseconds
   */
  constructor(
    longestMs: number,
    shortestMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    const shorter = [...STEPS_MS, shortestMs].filter((ms) => ms < longestMs && ms >= shortestMs);
    this.waits = [longestMs, ...new Set(shorter.sort((a, b) => b - a))];
  }

  get state(): PollWaitState {
    return { waitMs: this.waitMs, isShortened: this.step > 0, missedTasks: this.missedTasks };
  }

  private get waitMs(): number {
    return this.waits[this.step] ?? 0;
  }

  /**
   * Notes that a poll is sent.
   *
   * @param topics that it requests
   * @param limitMs longest wait of this poll
   */
  begin(topics: ReadonlySet<string>, limitMs = Infinity): SentPoll {
    const sentAt = this.now();
    if (this.step > 0) this.lengthenAfterQuiet(sentAt);
    const waitMs = this.step === 0 ? this.waitMs : this.staggered(sentAt, topics);
    const poll = { sentAt, waitMs: Math.min(waitMs, limitMs), topics };
    this.open.add(poll);
    return poll;
  }

  /**
   * Notes that a poll was answered.
   *
   * @param count fetched tasks
   * @param deliveries reads their times; called only if a poll was open long enough to have missed one
   */
  answered(poll: SentPoll, count: number, deliveries: () => readonly Delivery[]): void {
    const at = this.now();
    this.tasksSince += count;
    if (count > 0 && this.waits.length > 1 && at - this.oldestOpen() >= this.lateMs + BLUR_MS) {
      const fetched = deliveries();
      const wokenByAge = at - poll.sentAt >= poll.waitMs - CLOCK_MS ? -Infinity : youngest(fetched);
      const missed = fetched.filter((delivery) => this.isMissed(poll, delivery, at, wokenByAge));
      if (missed.length > 0) this.note(missed, at);
    } else this.inTime(count);
    this.open.delete(poll);
  }

  /** Notes that a poll failed. */
  failed(poll: SentPoll): void {
    this.open.delete(poll);
  }

  private oldestOpen(): number {
    // A set keeps the order of insertion.
    for (const { sentAt } of this.open) return sentAt;
    return Infinity;
  }

  /** Milliseconds from which a task is late. */
  private get lateMs(): number {
    return Math.min(MOST_LATE_MS, Math.max(LEAST_LATE_MS, this.waitMs * LATE_PART));
  }

  /** @param wokenByAge age of the task that woke the poll; -Infinity if none did */
  private isMissed(poll: SentPoll, { topicName, ageMs }: Delivery, at: number, wokenByAge: number): boolean {
    if (ageMs === null) return false;
    if (ageMs < this.lateMs) {
      this.inTime(1);
      return false;
    }
    const createdAt = at - ageMs;
    // Created before its poll was sent, or not what woke the poll: not a long transaction either.
    const isExplained = createdAt <= poll.sentAt - BLUR_MS || ageMs - wokenByAge >= this.lateMs;
    return isExplained && this.wasAwaited(topicName, createdAt);
  }

  private inTime(count: number): void {
    this.weight = Math.max(0, this.weight - count * IN_TIME_WEIGHT);
  }

  /** True if a poll of the present wait was open for a topic at some time and still is. */
  private wasAwaited(topic: string, createdAt: number): boolean {
    for (const { sentAt, topics } of this.open) {
      if (sentAt >= this.changedAt && sentAt <= createdAt - BLUR_MS && topics.has(topic)) return true;
    }
    return false;
  }

  /** Tasks of one answer weigh as one: a single pause of the engine delays many. */
  private note(missed: readonly Delivery[], at: number): void {
    this.missedTasks += missed.length;
    this.lastMissAt = at;
    this.weight = Math.min(MOST_WEIGHT, this.weight + 1);
    if (this.isTrial && at - this.changedAt >= this.quietMs) this.forget();
    const isKnown = this.step > 0 || this.isTrial;
    if (this.step === this.waits.length - 1 || (!isKnown && this.weight < FIRST_WEIGHT)) return;
    if (this.isTrial) this.quietMs = Math.min(LONGEST_QUIET_MS, this.quietMs * 2);
    this.isTrial = false;
    this.change(this.step + 1, at);
    const facts = { waitMs: this.waitMs, configuredMs: this.waits[0], ageMs: missed[0]?.ageMs };
    if (this.step > 1) this.logger.debug({ msg: 'Polls are shortened further.', ...facts });
    else {
      this.logger.warn({
        msg:
          'Tasks came late although a poll waited for them: the engine seems to have several nodes. No task is lost. ' +
          'Polls are shortened, which costs more requests; CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS limits that.',
        ...facts,
      });
    }
  }

  /** The longer wait has proved itself: this is a new case. */
  private forget(): void {
    this.isTrial = false;
    this.quietMs = FIRST_QUIET_MS;
  }

  private lengthenAfterQuiet(at: number): void {
    if (this.tasksSince < QUIET_TASKS) return;
    if (at - Math.max(this.changedAt, this.lastMissAt) < this.quietMs) return;
    this.isTrial = true;
    this.change(this.step - 1, at);
    const line = { msg: 'Polls are lengthened: no task was missed lately.', waitMs: this.waitMs };
    if (this.step === 0) this.logger.log(line);
    else this.logger.debug(line);
  }

  private change(step: number, at: number): void {
    this.step = step;
    this.changedAt = at;
    this.tasksSince = 0;
    this.weight = 0;
  }

  /** Half the wait if another poll for the same topics was sent just before: one of them should end at each half. */
  private staggered(at: number, topics: ReadonlySet<string>): number {
    for (const other of this.open) {
      if (at - other.sentAt < this.waitMs / 4 && sharesTopic(other.topics, topics))
        return Math.ceil(this.waitMs / 2);
    }
    return this.waitMs;
  }
}

function youngest(deliveries: readonly Delivery[]): number {
  return Math.min(...deliveries.map(({ ageMs }) => ageMs ?? Infinity));
}

function sharesTopic(some: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  for (const topic of some) {
    if (others.has(topic)) return true;
  }
  return false;
}
