import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DATABASE_CONFIG, type DatabaseConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { DatabaseConnection } from '../database.connection.js';
import { GroupCommitter } from './group.committer.js';
import type { QueuedWrite } from './write-group.js';
import type { Write, WriteKind, WriteOptions } from './write-kind.js';
import {
  WriteQueueClosedError,
  WriteQueueFullError,
  WriteUnconfirmedError,
  WriteWithdrawnError,
} from './write-queue.errors.js';

/** Maximum number of writes in one transaction, so that none holds a lock for long. */
const GROUP_MAX_WRITES = 500;

/** Turns of the event loop that a group may grow over. */
const GATHER_MAX_TURNS = 8;

/** How long a deferrable write waits for a group that it can join, in ms. */
const DEFERRAL_MS = 50;

/** Bytes that cancel and complete may use beyond `WRITE_QUEUE_MAX_BYTES`. */
const HEADROOM_BYTES = 1_048_576;

/** First and longest wait before a group is retried, in ms. */
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 1_000;

/**
 * The one ordered queue for all writes.
 *
 * A write's promise settles when its row is durable. Writes that are queued when a group begins share one commit; the
 * order of writes is kept for each correlation id. While the database is unavailable they wait, up to a limit in bytes.
 */
@Injectable()
export class WriteQueueService {
  private readonly logger = new Logger('WriteQueue');
  private readonly committer: GroupCommitter;
  private readonly abandon = new AbortController();
  private queued: QueuedWrite[] = [];
  /** Writes with `whenFull: wait` for which the queue has no room yet, in their order. */
  private readonly outside: QueuedWrite[] = [];
  private readonly pressureListeners: ((isHigh: boolean) => void)[] = [];
  private pressureIsHigh = false;
  private urgent = 0;
  private bytes = 0;
  private deferralTimer: NodeJS.Timeout | null = null;
  private deferralIsOver = false;
  private draining: Promise<void> | null = null;
  private closing = false;
  private failedAttempts = 0;

  constructor(
    connection: DatabaseConnection,
    @Inject(DATABASE_CONFIG) private readonly config: DatabaseConfig,
    shutdown: ShutdownService,
  ) {
    this.committer = new GroupCommitter(connection);
    shutdown.register('flush', 'write queue', (signal) => this.flush(signal));
  }

  /** Bytes of the writes that are not settled. */
  get bytesQueued(): number {
    return this.bytes;
  }

  /** True from half of `WRITE_QUEUE_MAX_BYTES` on: accept no more work. */
  get overHalf(): boolean {
    return this.bytes > this.config.writeQueueMaxBytes / 2;
  }

  /** True below a quarter of `WRITE_QUEUE_MAX_BYTES`: accept work again. */
  get belowQuarter(): boolean {
    return this.bytes < this.config.writeQueueMaxBytes / 4;
  }

  /**
   * Calls back with true when more than half of `WRITE_QUEUE_MAX_BYTES` waits, and then with false when it is less than
   * a quarter.
   *
   * @param listener must not throw
   */
  onPressure(listener: (isHigh: boolean) => void): void {
    this.pressureListeners.push(listener);
  }

  /** False while the database is unavailable for writes. */
  get available(): boolean {
    return this.failedAttempts === 0;
  }

  /**
   * Queues a write.
   *
   * @returns the result of this row, once it is durable
   * @param options.late receives the result of a write that committed after its caller timed out
   * @throws WriteQueueFullError, WriteQueueClosedError, WriteWithdrawnError: nothing is written
   * @throws WriteUnconfirmedError if the timeout of the caller (`WRITE_WAIT_MS`) elapsed first: the write may still commit
   * @throws WriteRefusedError if the database refuses the row for its content
   */
  enqueue<Item, Result>(
    kind: WriteKind<Item, Result>,
    write: Write<Item>,
    options: WriteOptions & { readonly late?: (result: Result) => void } = {},
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const fault = this.faultOf(write.bytes, options);
      const isOutside = options.whenFull === 'wait' && fault instanceof WriteQueueFullError;
      if (fault !== null && !isOutside) {
        reject(fault);
        return;
      }
      let hasTimedOut = false;
      const queued: QueuedWrite = {
        kind,
        ...write,
        deferrable: options.deferrable === true,
        admitted: false,
        replaced: false,
        settled: false,
        settle: (outcome) => {
          if (queued.settled) return;
          queued.settled = true;
          options.signal?.removeEventListener('abort', withdraw);
          clearTimeout(timeout);
          if ('error' in outcome) reject(outcome.error);
          else if (hasTimedOut) options.late?.(outcome.result as Result);
          else resolve(outcome.result as Result);
          if (queued.admitted) this.release(write.bytes);
        },
      };
      const withdraw = (): void => {
        this.withdraw(queued);
      };
      options.signal?.addEventListener('abort', withdraw, { once: true });
      let timeout: NodeJS.Timeout | undefined;
      if (options.onTimeout !== undefined) {
        timeout = setTimeout(() => {
          if (options.onTimeout === 'cancel') this.withdraw(queued);
          // The write stays counted until it is settled.
          hasTimedOut = !queued.settled;
          reject(new WriteUnconfirmedError(write.correlationId));
        }, this.config.writeWaitMs);
      }
      if (isOutside) this.outside.push(queued);
      else this.add(queued);
    });
  }

  /**
   * Accepts no further writes, and commits those that wait.
   *
   * @param signal ends the wait: what is not written by then is rejected with {@link WriteQueueClosedError}
   */
  async flush(signal: AbortSignal): Promise<void> {
    this.closing = true;
    const giveUp = (): void => {
      this.abandon.abort();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    this.deferralIsOver = true;
    this.drainSoon();
    while (this.draining !== null) await this.draining;
    for (const write of this.outside.splice(0)) write.settle({ error: new WriteQueueClosedError() });
    signal.removeEventListener('abort', giveUp);
  }

  private faultOf(bytes: number, options: WriteOptions): Error | null {
    if (this.closing) return new WriteQueueClosedError();
    if (options.signal?.aborted === true) return new WriteWithdrawnError();
    const hasRoom =
      options.useHeadroom === true
        ? this.hasRoom(bytes, HEADROOM_BYTES)
        : // What waits outside comes first, or small writes would keep a large one out for ever.
          this.outside.length === 0 && this.hasRoom(bytes);
    return hasRoom ? null : new WriteQueueFullError(this.bytes);
  }

  private hasRoom(bytes: number, headroom = 0): boolean {
    // A write that is larger than the limit may use the empty queue alone, or it could never be written.
    return this.bytes === 0 || this.bytes + bytes <= this.config.writeQueueMaxBytes + headroom;
  }

  private add(write: QueuedWrite): void {
    write.admitted = true;
    this.queued.push(write);
    this.bytes += write.bytes;
    if (!write.deferrable) this.urgent += 1;
    this.notePressure();
    this.drainSoon();
  }

  private release(bytes: number): void {
    this.bytes -= bytes;
    for (;;) {
      const [next] = this.outside;
      if (next === undefined || !this.hasRoom(next.bytes)) break;
      this.outside.shift();
      this.add(next);
    }
    this.notePressure();
  }

  private notePressure(): void {
    const isHigh = this.pressureIsHigh ? !this.belowQuarter : this.overHalf;
    if (isHigh === this.pressureIsHigh) return;
    this.pressureIsHigh = isHigh;
    for (const listener of this.pressureListeners) listener(isHigh);
  }

  private withdraw(write: QueuedWrite): void {
    const placeOutside = this.outside.indexOf(write);
    if (placeOutside >= 0) {
      this.outside.splice(placeOutside, 1);
      write.settle({ error: new WriteWithdrawnError() });
      return;
    }
    const place = this.queued.indexOf(write);
    if (place < 0) return;
    this.queued.splice(place, 1);
    if (!write.deferrable) this.urgent -= 1;
    write.settle({ error: new WriteWithdrawnError() });
  }

  private drainSoon(): void {
    if (this.draining !== null || this.queued.length === 0) return;
    if (this.urgent === 0 && !this.deferralIsOver) {
      this.deferralTimer ??= setTimeout(() => {
        this.deferralTimer = null;
        this.deferralIsOver = true;
        this.drainSoon();
      }, DEFERRAL_MS);
      return;
    }
    this.draining = this.drain().finally(() => {
      this.draining = null;
      this.drainSoon();
    });
  }

  private async drain(): Promise<void> {
    while (this.queued.length > 0 && (this.urgent > 0 || this.deferralIsOver)) {
      await this.gather();
      await this.commit(this.takeGroup());
    }
  }

  /**
   * Waits for the writes that the rest of this turn of the event loop enqueues, and as long as each turn adds more: a commit
   * waits for the disk, so one commit for many writes saves more than the wait costs. A single write waits for one turn.
   */
  private async gather(): Promise<void> {
    let before = 0;
    for (let turns = 0; turns < GATHER_MAX_TURNS && this.queued.length > before; turns += 1) {
      before = this.queued.length;
      if (before >= GROUP_MAX_WRITES) return;
      await nextTurn();
    }
  }

  private takeGroup(): QueuedWrite[] {
    const group = this.queued.splice(0, GROUP_MAX_WRITES);
    for (const { deferrable } of group) if (!deferrable) this.urgent -= 1;
    if (this.queued.length === 0) {
      this.deferralIsOver = false;
      if (this.deferralTimer !== null) clearTimeout(this.deferralTimer);
      this.deferralTimer = null;
    }
    return group;
  }

  /** Retries until every write of the group is settled, so that no later write overtakes it. */
  private async commit(group: readonly QueuedWrite[]): Promise<void> {
    let rest = group;
    while (rest.length > 0 && !this.abandon.signal.aborted) {
      try {
        await this.committer.commit(rest, this.failedAttempts > 0);
        this.failedAttempts = 0;
      } catch (error) {
        this.failedAttempts += 1;
        await this.backOff(error);
      }
      rest = rest.filter(({ settled }) => !settled);
    }
    for (const write of rest) write.settle({ error: new WriteQueueClosedError() });
  }

  private async backOff(error: unknown): Promise<void> {
    const ms = Math.min(RETRY_MIN_MS * 2 ** Math.min(this.failedAttempts - 1, 10), RETRY_MAX_MS);
    if (this.failedAttempts === 1) {
      this.logger.warn({ msg: 'The database takes no writes; they wait and are tried again.', err: error });
    }
    try {
      await delay(ms * (0.8 + Math.random() * 0.4), undefined, { signal: this.abandon.signal });
    } catch {
      // The flush gave up: the loop ends without a further attempt.
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
