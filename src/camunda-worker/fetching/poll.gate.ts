import { abortableDelay, backOffMs } from '../../camunda-engine/index.js';
import type { Admission, TaskSlots } from './task-slots.js';

const FIRST_BACK_OFF_MS = 250;
const LONGEST_BACK_OFF_MS = 10_000;

/** An empty answer within this time means that the poll did not wait; the next one is delayed to avoid a busy loop. */
const TOO_SOON_MS = 10;
const PAUSE_MS = 25;

/** Receives the results of polls. */
export interface PollObserver {
  /** @param failedBefore failed polls in a row before this one */
  pollSucceeded(failedBefore: number): void;
  /** @param failures in a row, from 1 */
  pollFailed(error: unknown, failures: number): void;
}

/**
 * Delays the polls of one client while fetching is paused, no slot is free, or the engine has just failed.
 *
 * The client waits inside its poll. Its own option, `interval`, does not serve: the client reads it before the poll, so a
 * delay that is set after a failure takes effect one poll late, and delays the first poll after the engine is back. At
 * its own parallel limit the client would loop every interval.
 */
export class PollGate {
  private readonly closed = new AbortController();
  private pausing: { readonly over: Promise<void>; readonly end: () => void } | null = null;
  private failures = 0;
  private notBefore = 0;

  /** @param share share of a topic's limit that one poll takes at most, in (0, 1] */
  constructor(
    private readonly slots: TaskSlots,
    private readonly share: number,
    private readonly observer: PollObserver,
  ) {}

  /**
   * Waits until a poll may be sent.
   *
   * @returns what it may fetch; null if the gate is closed for good
   */
  async admit(): Promise<Admission | null> {
    const { signal } = this.closed;
    const waitMs = this.notBefore - performance.now();
    if (waitMs > 0) await abortableDelay(waitMs, signal);
    for (;;) {
      const admission = await this.slots.take(this.share, signal);
      if (admission === null) return null;
      // Checked after the wait for a slot, because fetching may have been paused meanwhile.
      if (this.pausing === null) return admission;
      this.slots.settle(admission, []);
      await this.pausing.over;
    }
  }

  /**
   * Notes that a poll was answered; each fetched task holds its slot until {@link released}.
   *
   * @param admission what {@link admit} returned
   * @param brought topics of the fetched tasks
   */
  answered(admission: Admission, brought: readonly string[], tookMs: number): void {
    this.slots.settle(admission, brought);
    const failedBefore = this.failures;
    this.failures = 0;
    this.notBefore = brought.length === 0 && tookMs < TOO_SOON_MS ? performance.now() + PAUSE_MS : 0;
    this.observer.pollSucceeded(failedBefore);
  }

  /** Notes that a poll failed; the next one is delayed, longer with each failure. */
  failed(admission: Admission, error: unknown): void {
    this.slots.settle(admission, []);
    if (this.closed.signal.aborted) return;
    this.failures += 1;
    this.notBefore = performance.now() + backOffMs(this.failures, FIRST_BACK_OFF_MS, LONGEST_BACK_OFF_MS);
    this.observer.pollFailed(error, this.failures);
  }

  /** Notes that a task of a topic has ended. */
  released(topic: string): void {
    this.slots.release(topic);
  }

  /** Delays further polls; the one that waits in the engine may still fetch tasks. */
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

  /** Admits no further poll. */
  close(): void {
    this.closed.abort();
    this.resume();
  }
}
