import type { EventSlice, StepAttempt } from '../../event-log/index.js';
import { isFinal, type ProcessRecord } from '../../process-store/index.js';
import { outcomeEventOf } from '../outcome/outcome-events.js';

/** Events of one read; fewer if they are large. */
const PAGE = 50;

/** How often the table is read without a wake-up, because a wake-up may be lost. */
const POLL_MS = 1_000;

const HEARTBEAT_MS = 15_000;

/** Delay after which a browser reconnects. */
const RECONNECT_MS = 1_000;

/** How long the stream waits for the event of an outcome, in ms. */
const LAST_EVENT_MS = 60_000;

/** The source of a stream; it returns only committed state. */
export interface EventStreamSource {
  record(): Promise<ProcessRecord | null>;
  /** The time by the clock that has set the times of rows. */
  now(): Date;
  /** The events after a place in the trail, oldest first. */
  events(after: number, limit: number): Promise<EventSlice>;
  /** The latest attempts of a step. */
  attempts(stepName: string): Promise<readonly StepAttempt[]>;
  /** JSON text of the `ProcessView`. */
  view(record: ProcessRecord): string;
}

/**
 * The trail of one process as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * Every event comes from the table, in the order of `seq`, so that a stream has neither gaps nor repeats. A wake-up only
 * makes it read the table sooner.
 */
export class EventStream {
  private isClosed = false;
  private isWoken = false;
  private resume = (): void => undefined;

  /** @param after place in the trail after which the stream begins */
  constructor(
    private readonly source: EventStreamSource,
    private after: number,
  ) {}

  /** The place in the trail of the last event that was sent. */
  get position(): number {
    return this.after;
  }

  /** Something may have been committed. */
  wake(): void {
    this.isWoken = true;
    this.resume();
  }

  /** Ends the stream without its last event: the service stops, or the client is gone. */
  close(): void {
    this.isClosed = true;
    this.wake();
  }

  /**
   * Yields the text of the stream; reads further only when the consumer requests more.
   *
   * @throws what the source throws
   */
  async *read(): AsyncGenerator<string, void, undefined> {
    yield `retry: ${RECONNECT_MS}\n\n`;
    let heartbeatAt = performance.now() + HEARTBEAT_MS;
    let known = false;
    while (!this.isOver()) {
      // Reset before the read, so that a commit during the read ends the pause after it.
      this.isWoken = false;
      // The row first: the events then include everything that was committed before its outcome.
      const record = await this.source.record();
      const { events, nextAfter } = await this.source.events(this.after, PAGE);
      for (const event of events) {
        if (this.isOver()) return;
        this.after = event.seq;
        yield `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
      }
      if (nextAfter !== null) continue;
      // The claim of a refused start is removed, so there is nothing to show.
      if (record === null && known) return;
      known ||= record !== null;
      if (record !== null && (await this.isComplete(record))) {
        yield `event: end\ndata: ${this.source.view(record)}\n\n`;
        return;
      }
      if (performance.now() >= heartbeatAt) {
        yield ': heartbeat\n\n';
        heartbeatAt = performance.now() + HEARTBEAT_MS;
      }
      await this.pause(Math.min(POLL_MS, heartbeatAt - performance.now()));
    }
  }

  private isOver(): boolean {
    return this.isClosed;
  }

  /** Waits until a wake-up, but no longer than the timeout. */
  private async pause(ms: number): Promise<void> {
    if (this.isWoken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.resume = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** True if the process is final and the events of its start and of its outcome have been sent. */
  private async isComplete(record: ProcessRecord): Promise<boolean> {
    if (!isFinal(record)) return false;
    if (Math.abs(this.source.now().getTime() - record.updatedAt.getTime()) >= LAST_EVENT_MS) return true;
    const { outcomeStep, outcomeOrigin } = record;
    if (outcomeStep === null) {
      const event = outcomeEventOf(outcomeOrigin);
      if (event === null) return true;
      const attempts = await this.source.attempts(event.stepName);
      return attempts.some(
        ({ seq, status, createdAt }) =>
          seq <= this.after && status === event.status && createdAt.getTime() >= record.updatedAt.getTime(),
      );
    }
    // Nothing awaits the event of the start; it is written together with the end of the start's reconciliation.
    if (record.requestHash !== null && record.startNextAt !== null) return false;
    const attempts = await this.source.attempts(outcomeStep);
    return attempts.some((attempt) => attempt.seq <= this.after && isReportOf(record, attempt));
  }
}

/**
 * Whether this attempt has reported the outcome. A handler that completes the process returns afterwards, so its event is
 * younger than the outcome. A business error that ended the process is older, and has the message of the outcome.
 */
function isReportOf({ status, error, updatedAt }: ProcessRecord, attempt: StepAttempt): boolean {
  if (attempt.createdAt.getTime() >= updatedAt.getTime()) return true;
  if (status !== 'error' || attempt.status !== 'error') return false;
  // The trail truncates long texts and marks them with an ellipsis.
  return error?.startsWith(attempt.errorMessage?.replace(/…$/, '') ?? '') === true;
}
