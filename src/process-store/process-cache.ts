import { isFinal } from './outcome-origin.js';
import type { ProcessRecord } from './process-record.js';

/** How long a final state stays in the Map, in ms. */
const FINAL_MS = 5_000;

/** How long an open state stays after its last use while no request waits for it, in ms. */
const IDLE_MS = 60_000;

/**
 * A final state of this age is not held at all, in ms. Retention removes only rows that are at least a day old, on any
 * instance, so no Map can hold a removed row, and an id that is used again never shows the old process.
 */
const OLD_FINAL_MS = 3_600_000;

/** Approximate memory of an entry without its long texts, in bytes; short texts such as ids are included. */
const ENTRY_BYTES = 1_024;

/** A record that takes a larger share of the limit is not held, because it would evict many others. */
const LARGEST_SHARE = 1 / 4;

interface Entry {
  record: ProcessRecord;
  /** Upper estimate of the memory of the entry, in bytes. */
  bytes: number;
  /** True if it was used since the last eviction that spared it. */
  used: boolean;
  /** When the record was committed or read. */
  freshAt: number;
  usedAt: number;
  /** When the record was first seen to be final; null while it is open. */
  finalAt: number | null;
}

/**
 * The Map in front of the table. Holds only what is durable; forgets a final state 5 s after its end, and an open one
 * 60 s after its last use when nobody retains it. A final state that is an hour old is never held.
 *
 * Above its limit of bytes it evicts the least recently used states; they are read from the table again.
 */
export class ProcessCache {
  private readonly entries = new Map<string, Entry>();
  private readonly retained = new Map<string, number>();
  private changeCount = 0;
  private heldBytes = 0;

  /**
   * @param maxAgeMs age in ms from which an open state is read again, because other instances may write to the table
   * @param maxBytes limit for all entries together
   * @param now the time by the clock that has set the times of rows, in ms since 1970
   */
  constructor(
    private readonly maxAgeMs: number,
    private readonly maxBytes: number,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Approximate memory of the entries, in bytes. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** The state, if it is held and not too old; counts as a use. */
  get(correlationId: string): ProcessRecord | undefined {
    const entry = this.entries.get(correlationId);
    if (entry === undefined) return undefined;
    const now = performance.now();
    entry.usedAt = now;
    entry.used = true;
    return entry.finalAt === null && now - entry.freshAt > this.maxAgeMs ? undefined : entry.record;
  }

  /** The state, if no other writer can have changed it: a final one, or any if this Map sees all writes. */
  current(correlationId: string): ProcessRecord | undefined {
    const record = this.get(correlationId);
    return record === undefined || (this.maxAgeMs !== Infinity && !isFinal(record)) ? undefined : record;
  }

  /** Forgets an open state that is older than a version which another instance has committed. */
  outdate(correlationId: string, version: number): void {
    const entry = this.entries.get(correlationId);
    if (entry?.finalAt === null && entry.record.version < version) this.forget(correlationId);
  }

  /** Counts commits, so that a reader can detect whether its row may have changed during the read. */
  get changes(): number {
    return this.changeCount;
  }

  /** Takes a state that was committed now. */
  put(record: ProcessRecord): void {
    this.changeCount += 1;
    this.hold(record);
  }

  /** Takes a state that was committed now, but only if the Map holds the process already. */
  refresh(record: ProcessRecord): void {
    this.changeCount += 1;
    if (this.entries.has(record.correlationId)) this.hold(record);
  }

  /** Takes a state that was read from the table, unless a commit followed since `changes` was read. */
  putRead(record: ProcessRecord, changes: number): void {
    if (changes === this.changeCount) this.hold(record);
  }

  delete(correlationId: string): void {
    this.changeCount += 1;
    this.forget(correlationId);
  }

  values(): ProcessRecord[] {
    return Array.from(this.entries.values(), ({ record }) => record);
  }

  /** The states that became final within the last 5 s. */
  recentlyFinal(): ProcessRecord[] {
    const since = this.now() - FINAL_MS;
    return this.values().filter((record) => isFinal(record) && record.updatedAt.getTime() >= since);
  }

  /** Keeps an open state until it is released as many times as it was retained. */
  retain(correlationId: string): void {
    this.retained.set(correlationId, (this.retained.get(correlationId) ?? 0) + 1);
  }

  release(correlationId: string): void {
    const left = (this.retained.get(correlationId) ?? 0) - 1;
    if (left > 0) this.retained.set(correlationId, left);
    else this.retained.delete(correlationId);
  }

  /** Removes expired states. */
  sweep(): void {
    const now = performance.now();
    for (const [correlationId, { finalAt, usedAt }] of this.entries) {
      const over =
        finalAt === null
          ? now - usedAt >= IDLE_MS && !this.retained.has(correlationId)
          : now - finalAt >= FINAL_MS;
      if (over) this.forget(correlationId);
    }
  }

  private hold(record: ProcessRecord): void {
    const now = performance.now();
    const { correlationId } = record;
    const bytes = bytesOf(record);
    const isOld = isFinal(record) && this.now() - record.updatedAt.getTime() >= OLD_FINAL_MS;
    if (isOld || bytes > this.maxBytes * LARGEST_SHARE) {
      this.forget(correlationId);
      return;
    }
    const before = this.entries.get(correlationId);
    const finalAt = isFinal(record) ? (before?.finalAt ?? now) : null;
    const used = before !== undefined;
    if (used) this.heldBytes -= before.bytes;
    // Before the insert, so that the new state is not evicted.
    if (this.heldBytes + bytes > this.maxBytes) this.shrink(this.maxBytes - bytes, correlationId);
    this.heldBytes += bytes;
    this.entries.set(correlationId, { record, bytes, used, freshAt: now, usedAt: now, finalAt });
  }

  private forget(correlationId: string): void {
    const entry = this.entries.get(correlationId);
    if (entry === undefined) return;
    this.heldBytes -= entry.bytes;
    this.entries.delete(correlationId);
  }

  /** Evicts the oldest entries until the others fit; one that was used since moves to the end once instead. */
  private shrink(toBytes: number, butNot: string): void {
    // The loop reaches the moved entries again, and then evicts them.
    for (const [correlationId, entry] of this.entries) {
      if (this.heldBytes <= toBytes) return;
      if (correlationId === butNot) continue;
      if (entry.used) {
        entry.used = false;
        this.entries.delete(correlationId);
        this.entries.set(correlationId, entry);
      } else {
        this.forget(correlationId);
      }
    }
  }
}

/** A character takes at most two bytes. */
function bytesOf({ data, error }: ProcessRecord): number {
  return ENTRY_BYTES + 2 * ((data?.length ?? 0) + (error?.length ?? 0));
}
