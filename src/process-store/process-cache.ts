import { isFinal } from './outcome-origin.js';
import type { ProcessRecord } from './process-record.js';

/** How long a final state stays after its end. */
const FINAL_MS = 5_000;

/** How long an open state stays after its last use while nobody waits. */
const IDLE_MS = 60_000;

/**
 * Age at which a final state is not held at all, in ms. Retention removes rows that are a day old at the least, on any
 * instance: none of them can then be in a Map, and an id that is free again is nowhere taken for the process it was.
 */
const OLD_FINAL_MS = 3_600_000;

/** What an entry takes in memory besides its texts, in bytes, about; short texts such as ids are part of it. */
const ENTRY_BYTES = 1_024;

/** A record that takes a larger share of the bound is not held: it would push out all others. */
const LARGEST_SHARE = 1 / 4;

interface Entry {
  record: ProcessRecord;
  /** What the entry takes in memory, at the most, about. */
  bytes: number;
  /** True where it was used since it was last passed over for its use. */
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
 * Beyond its bytes it forgets what was not used for long: whoever asks for that reads the table.
 */
export class ProcessCache {
  private readonly entries = new Map<string, Entry>();
  private readonly retained = new Map<string, number>();
  private changeCount = 0;
  private heldBytes = 0;

  /**
   * @param maxAgeMs age in ms at which an open state is no longer trusted: others may write to the table
   * @param maxBytes that the entries may take together
   */
  constructor(
    private readonly maxAgeMs: number,
    private readonly maxBytes: number,
  ) {}

  /** What the entries take in memory, about. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** The state, where it is held and still to be trusted; counts as a use. */
  get(correlationId: string): ProcessRecord | undefined {
    const entry = this.entries.get(correlationId);
    if (entry === undefined) return undefined;
    const now = performance.now();
    entry.usedAt = now;
    entry.used = true;
    return entry.finalAt === null && now - entry.freshAt > this.maxAgeMs ? undefined : entry.record;
  }

  /** Counts what was committed, so that a reader can tell whether its row may have changed since. */
  get changes(): number {
    return this.changeCount;
  }

  /** Takes a state that was committed now. */
  put(record: ProcessRecord): void {
    this.changeCount += 1;
    this.hold(record);
  }

  /** Takes a state that was committed now, where one of the process is held; a forgotten one is not brought back. */
  refresh(record: ProcessRecord): void {
    this.changeCount += 1;
    if (this.entries.has(record.correlationId)) this.hold(record);
  }

  /** Takes a state that was read from the table, unless something was committed since `changes` was looked at. */
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
    const since = Date.now() - FINAL_MS;
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

  /** Forgets what has had its time. */
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
    const isOld = isFinal(record) && Date.now() - record.updatedAt.getTime() >= OLD_FINAL_MS;
    if (isOld || bytes > this.maxBytes * LARGEST_SHARE) {
      this.forget(correlationId);
      return;
    }
    const before = this.entries.get(correlationId);
    const finalAt = isFinal(record) ? (before?.finalAt ?? now) : null;
    const used = before !== undefined;
    if (used) this.heldBytes -= before.bytes;
    // Room first, so that it is not the new state which goes.
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

  /** Forgets the oldest entries until the others fit; what was used since goes behind the others, once. */
  private shrink(toBytes: number, butNot: string): void {
    // The loop comes to what it puts behind the others, and does not pass it over again.
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

/** A character takes two bytes at the most. */
function bytesOf({ data, error }: ProcessRecord): number {
  return ENTRY_BYTES + 2 * ((data?.length ?? 0) + (error?.length ?? 0));
}
