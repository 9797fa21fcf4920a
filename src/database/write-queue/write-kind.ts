import type { SqlExecutor } from '../sql.dialect.js';

/**
 * A kind of write: how items of one type are written, many at a time.
 *
 * The functions are called by the write queue alone, one at a time and in the order of the queue.
 */
export interface WriteKind<Item, Result> {
  /** For the log. */
  readonly name: string;
  /**
   * True if `write` issues all its statements before it waits for the first result, unless `repeated` is true. They share
   * one message with the commit; a later statement fails.
   */
  readonly oneMessage?: boolean;
  /**
   * True if the database generates the keys: an existing key then always comes from another instance that wrote at the same
   * time, and is never the fault of a row.
   */
  readonly givesKeys?: boolean;
  /**
   * Writes items in order, inside the transaction of the group, and returns the result of each at its place.
   *
   * @param repeated true if an earlier attempt may have committed, or met an existing key: cached state may be wrong, and
   *   a row that equals the result of an item counts as written
   */
  write(sql: SqlExecutor, items: readonly Item[], repeated: boolean): Promise<readonly Result[]>;
  /** Called with each item after the commit, in the order of the queue, before its promise settles. */
  committed?(item: Item, result: Result): void;
  /** Called after a rollback: forget cached state of the writes since the last commit. */
  rolledBack?(): void;
  /**
   * Returns a replacement for an item that the database refuses for its content.
   *
   * @returns the item to write instead, once; null: the promise of the item rejects
   */
  refused?(item: Item, error: unknown): Item | null;
}

/** A write for the queue. */
export interface Write<Item> {
  /** Writes of one id are executed in the order in which they were enqueued. */
  readonly correlationId: string;
  /** Approximate size of the item in memory; counted against `WRITE_QUEUE_MAX_BYTES`. */
  readonly bytes: number;
  readonly item: Item;
}

/** How a write is queued. */
export interface WriteOptions {
  /** No caller waits for it: it joins the next group, and makes one of its own only after 50 ms. */
  readonly deferrable?: boolean;
  /** It may use the headroom of 1 MiB beyond `WRITE_QUEUE_MAX_BYTES`. */
  readonly useHeadroom?: boolean;
  /** `wait`: if the queue is full, the write waits for room, ahead of every write without this option. */
  readonly whenFull?: 'wait';
  /**
   * Limits the caller's wait to `WRITE_WAIT_MS`; then the promise rejects. `cancel` removes a write that is still queued;
   * one in a transaction goes on. `detach` leaves the write in the queue.
   */
  readonly onTimeout?: 'cancel' | 'detach';
  /** Removes the write while it waits in the queue; one in a transaction goes on. */
  readonly signal?: AbortSignal;
}
