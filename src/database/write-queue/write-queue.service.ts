import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DATABASE_CONFIG, type DatabaseConfig } from '../../config/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { DatabaseConnection } from '../database.connection.js';
import { GroupCommitter } from './group.committer.js';
import type { QueuedWrite } from './write-group.js';
import type { Write, WriteKind, WriteOptions } from './write-kind.js';
import { WriteQueueClosedError, WriteQueueFullError, WriteWithdrawnError } from './write-queue.errors.js';

/** Writes in one transaction at the most, so that none holds up the event loop or a lock for long. */
const GROUP_MAX_WRITES = 500;

/** How long a lazy write may wait for a group to ride in. */
const LAZY_MS = 50;

/** What cancel and complete may use beyond `WRITE_QUEUE_MAX_BYTES`. */
const RESERVE_BYTES = 1_048_576;

/** First and longest wait before a group is tried again. */
const RETRY_MIN_MS = 20;
const RETRY_MAX_MS = 1_000;

/**
 * The one ordered queue through which everything is written.
 *
 * A write's promise settles when its row is durable. Writes that are queued when a group begins share one commit; the
 * order of writes is kept for each correlation id. While the database is away they wait, bounded in bytes.
 */
@Injectable()
export class WriteQueueService {
  private readonly logger = new Logger('WriteQueue');
  private readonly committer: GroupCommitter;
  private readonly abandon = new AbortController();
  private queued: QueuedWrite[] = [];
  private urgent = 0;
  private bytes = 0;
  private lazyTimer: NodeJS.Timeout | null = null;
  private lazyDue = false;
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

  /** True from half of `WRITE_QUEUE_MAX_BYTES` on: take no more work in. */
  get overHalf(): boolean {
    return this.bytes > this.config.writeQueueMaxBytes / 2;
  }

  /** True below a quarter of `WRITE_QUEUE_MAX_BYTES`: take work in again. */
  get belowQuarter(): boolean {
    return this.bytes < this.config.writeQueueMaxBytes / 4;
  }

  /** False while the database takes no writes. */
  get available(): boolean {
    return this.failedAttempts === 0;
  }

  /**
   * Queues a write.
   *
   * @returns the result of this very row, once it is durable
   * @throws WriteQueueFullError, WriteQueueClosedError, WriteWithdrawnError: nothing is written
   * @throws WriteRefusedError where the database refuses the row for its content
   */
  enqueue<Item, Result>(
    kind: WriteKind<Item, Result>,
    write: Write<Item>,
    options: WriteOptions = {},
  ): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const fault = this.faultOf(write.bytes, options);
      if (fault !== null) {
        reject(fault);
        return;
      }
      const queued: QueuedWrite = {
        kind,
        ...write,
        lazy: options.lazy === true,
        replaced: false,
        settled: false,
        settle: (outcome) => {
          if (queued.settled) return;
          queued.settled = true;
          this.bytes -= write.bytes;
          options.signal?.removeEventListener('abort', withdraw);
          if ('error' in outcome) reject(outcome.error);
          else resolve(outcome.result as Result);
        },
      };
      const withdraw = (): void => {
        this.withdraw(queued);
      };
      options.signal?.addEventListener('abort', withdraw, { once: true });
      this.add(queued);
    });
  }

  /**
   * Takes no further writes and makes those that wait durable.
   *
   * @param signal ends the waiting: what is not written by then is rejected with {@link WriteQueueClosedError}
   */
  async flush(signal: AbortSignal): Promise<void> {
    this.closing = true;
    const giveUp = (): void => {
      this.abandon.abort();
    };
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
    this.lazyDue = true;
    this.drainSoon();
    while (this.draining !== null) await this.draining;
    signal.removeEventListener('abort', giveUp);
  }

  private faultOf(bytes: number, options: WriteOptions): Error | null {
    if (this.closing) return new WriteQueueClosedError();
    if (options.signal?.aborted === true) return new WriteWithdrawnError();
    const limit = this.config.writeQueueMaxBytes + (options.reserve === true ? RESERVE_BYTES : 0);
    // One that is larger than the whole queue could never be written; it may have it for itself.
    return this.bytes > 0 && this.bytes + bytes > limit ? new WriteQueueFullError(this.bytes) : null;
  }

  private add(write: QueuedWrite): void {
    this.queued.push(write);
    this.bytes += write.bytes;
    if (!write.lazy) this.urgent += 1;
    this.drainSoon();
  }

  private withdraw(write: QueuedWrite): void {
    const place = this.queued.indexOf(write);
    if (place < 0) return;
    this.queued.splice(place, 1);
    if (!write.lazy) this.urgent -= 1;
    write.settle({ error: new WriteWithdrawnError() });
  }

  private drainSoon(): void {
    if (this.draining !== null || this.queued.length === 0) return;
    if (this.urgent === 0 && !this.lazyDue) {
      this.lazyTimer ??= setTimeout(() => {
        this.lazyTimer = null;
        this.lazyDue = true;
        this.drainSoon();
      }, LAZY_MS);
      return;
    }
    this.draining = this.drain().finally(() => {
      this.draining = null;
      this.drainSoon();
    });
  }

  private async drain(): Promise<void> {
    while (this.queued.length > 0 && (this.urgent > 0 || this.lazyDue)) {
      // What the rest of this turn of the event loop enqueues shares the commit.
      await nextTurn();
      await this.commit(this.takeGroup());
    }
  }

  private takeGroup(): QueuedWrite[] {
    const group = this.queued.splice(0, GROUP_MAX_WRITES);
    for (const { lazy } of group) if (!lazy) this.urgent -= 1;
    if (this.queued.length === 0) {
      this.lazyDue = false;
      if (this.lazyTimer !== null) clearTimeout(this.lazyTimer);
      this.lazyTimer = null;
    }
    return group;
  }

  /** Tries until every write of the group is settled, so that none overtakes it. */
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
      // The flush has given up: the loop ends without a further attempt.
    }
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
