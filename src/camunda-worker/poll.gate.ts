import { abortableDelay, backOffMs } from '../camunda-engine/index.js';
import type { Admission, TaskSlots } from './task-slots.js';

const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 10_000;

/** An empty answer that came sooner than this did not wait: the next poll does, or the loop would spin. */
const TOO_SOON_MS = 10;
const PAUSE_MS = 25;

/** What a gate tells of its polls. */
export interface PollObserver {
  /** @param failedBefore polls that had failed in a row before this one */
  pollSucceeded(failedBefore: number): void;
  /** @param failures in a row, from 1 */
  pollFailed(error: unknown, failures: number): void;
}

/**
 * Lets the polls of one client through when they may go: not while fetching is paused, the slots are taken, or the
 * engine has just failed.
 *
 * The client waits inside its poll. Its own means would be `options.interval`, which it reads before the poll: a delay
 * set after a failure counts one poll late, and holds the loop up once more when the engine is back. And at its
 * parallel limit it would turn around every interval.
 */
export class PollGate {
  private readonly closed = new AbortController();
  private pausing: { readonly over: Promise<void>; readonly end: () => void } | null = null;
  private failures = 0;
  private notBefore = 0;

  /** @param share of what a topic may hold that one poll takes at most, in (0, 1] */
  constructor(
    private readonly slots: TaskSlots,
    private readonly share: number,
    private readonly observer: PollObserver,
  ) {}

  /**
   * Waits until a poll may go.
   *
   * @returns what it may bring; null where the gate is closed for good
   */
  async admit(): Promise<Admission | null> {
    const { signal } = this.closed;
    const waitMs = this.notBefore - performance.now();
    if (waitMs > 0) await abortableDelay(waitMs, signal);
    for (;;) {
      const admission = await this.slots.take(this.share, signal);
      if (admission === null) return null;
      // Asked after the wait for a slot, because fetching may have been paused meanwhile.
      if (this.pausing === null) return admission;
      this.slots.settle(admission, []);
      await this.pausing.over;
    }
  }

  /**
   * A poll has been answered; the slots of what it brought stay taken until their tasks are released.
   *
   * @param admission what {@link admit} returned
   * @param brought topics of its tasks
   */
  answered(admission: Admission, brought: readonly string[], tookMs: number): void {
    this.slots.settle(admission, brought);
    const failedBefore = this.failures;
    this.failures = 0;
    this.notBefore = brought.length === 0 && tookMs < TOO_SOON_MS ? performance.now() + PAUSE_MS : 0;
    this.observer.pollSucceeded(failedBefore);
  }

  /** A poll has failed; the next one waits, longer with each failure. */
  failed(admission: Admission, error: unknown): void {
    this.slots.settle(admission, []);
    if (this.closed.signal.aborted) return;
    this.failures += 1;
    this.notBefore = performance.now() + backOffMs(this.failures, FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS);
    this.observer.pollFailed(error, this.failures);
  }

  /** A task of a topic has ended. */
  released(topic: string): void {
    this.slots.release(topic);
  }

  /** Holds further polls back; the one that waits in the engine may still bring tasks. */
  pause(): void {
    if (this.pausing !== null || this.closed.signal.aborted) return;
    let end: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.pausing = { over, end };
  }

  resume(): void {
    this.pausing?.end();
    this.pausing = null;
  }

  /** Lets nothing through any more. */
  close(): void {
    this.closed.abort();
    this.resume();
  }
}
