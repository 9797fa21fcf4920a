import type { EventSlice, StepAttempt } from '../../event-log/index.js';
import { isFinal, type OutcomeOrigin, type ProcessRecord } from '../../process-store/index.js';

/** Events that are read, and held in memory, at a time; fewer where they are large. */
const PAGE = 50;

/** How often the table is looked at where no hint has come: hints may be lost. */
const LOOK_MS = 1_000;

const HEARTBEAT_MS = 15_000;

/** When a browser opens the stream again after it was closed. */
const RECONNECT_MS = 1_000;

/** The row that tells of a final outcome that no step reported; it follows the outcome. */
const ROWS: Readonly<Partial<Record<OutcomeOrigin, { readonly stepName: string; readonly status: string }>>> =
  {
    http: { stepName: 'complete', status: 'ok' },
    cancel: { stepName: 'cancel', status: 'error' },
    expiry: { stepName: 'expire', status: 'error' },
    'start-rejected': { stepName: 'start', status: 'error' },
  };

/** How long after the end of the process the stream waits for the row that tells of it. */
const LAST_ROW_MS = 60_000;

/** Where a stream gets what it shows; all of it is what is committed. */
export interface EventStreamSource {
  record(): Promise<ProcessRecord | null>;
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
 * Every event comes from the table, in the order of `seq`, so that a stream has neither gap nor repeat; what wakes it
 * says only that a look is worth it.
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
   * The text of the stream, piece by piece; reads on only when the consumer asks for more.
   *
   * @throws what the source throws
   */
  async *read(): AsyncGenerator<string, void, undefined> {
    yield `retry: ${RECONNECT_MS}\n\n`;
    let heartbeatAt = performance.now() + HEARTBEAT_MS;
    let known = false;
    while (!this.isOver()) {
      // Before the look: what is committed during it ends the pause after it.
      this.isWoken = false;
      // The row first: all that was committed before its end is then among the events.
      const record = await this.source.record();
      const { events, nextAfter } = await this.source.events(this.after, PAGE);
      for (const event of events) {
        if (this.isOver()) return;
        this.after = event.seq;
        yield `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
      }
      if (nextAfter !== null) continue;
      // A claim that was refused is gone, and with it what there was to show.
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
      await this.pause(Math.min(LOOK_MS, heartbeatAt - performance.now()));
    }
  }

  private isOver(): boolean {
    return this.isClosed;
  }

  /** Waits until it is woken, at the most as long as given. */
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

  /** Whether nothing more is to come of a process: it is final, and the rows of its start and of its end are out. */
  private async isComplete(record: ProcessRecord): Promise<boolean> {
    if (!isFinal(record)) return false;
    if (Math.abs(Date.now() - record.updatedAt.getTime()) >= LAST_ROW_MS) return true;
    const { outcomeStep, outcomeOrigin } = record;
    if (outcomeStep === null) {
      const row = outcomeOrigin === null ? undefined : ROWS[outcomeOrigin];
      if (row === undefined) return true;
      const attempts = await this.source.attempts(row.stepName);
      return attempts.some(
        ({ seq, status, createdAt }) =>
          seq <= this.after && status === row.status && createdAt.getTime() >= record.updatedAt.getTime(),
      );
    }
    // The start's own row is written without anybody waiting for it, together with the end of the start's resolution.
    if (record.requestHash !== null && record.startNextAt !== null) return false;
    const attempts = await this.source.attempts(outcomeStep);
    return attempts.some((attempt) => attempt.seq <= this.after && isReportOf(record, attempt));
  }
}

/**
 * Whether this attempt has reported the outcome. A handler that completes the process returns afterwards, so its row
 * is younger than the outcome; a business error that ended the process came first, and has its message.
 */
function isReportOf({ status, error, updatedAt }: ProcessRecord, attempt: StepAttempt): boolean {
  if (attempt.createdAt.getTime() >= updatedAt.getTime()) return true;
  if (status !== 'error' || attempt.status !== 'error') return false;
  // The trail cuts long texts, with a sign at the end.
  return error?.startsWith(attempt.errorMessage?.replace(/…$/, '') ?? '') === true;
}
