import type { SqlExecutor, WriteKind } from '../database/index.js';
import { markerOf } from './event-row.js';
import type { EventLogRepository, NumberedEvent } from './event-log.repository.js';
import type { EventRow } from './event.types.js';

/** Trails whose next place is remembered. */
const REMEMBERED_TRAILS = 20_000;

/**
 * Writes events, and gives each its place in its trail: from 1, without gap or repeat.
 *
 * The place is given inside the transaction. The next one is remembered, and read again when it is unknown or when a
 * transaction did not commit.
 */
export class EventLogWriter implements WriteKind<EventRow, null> {
  readonly name = 'event_log';
  private readonly next = new Map<string, number>();

  constructor(private readonly repository: EventLogRepository) {}

  async write(sql: SqlExecutor, items: readonly EventRow[], repeated: boolean): Promise<readonly null[]> {
    const rows = repeated ? await this.missing(sql, items) : items;
    // Every instance takes the keys in the same order, so that two groups do not wait for each other.
    const sorted = [...rows].sort((a, b) => compare(a.correlationId, b.correlationId));
    await this.learn(sql, sorted);
    await this.repository.insert(
      sql,
      sorted.map((row): NumberedEvent => ({ row, seq: this.takeNext(row.correlationId) })),
    );
    this.forgetOldest();
    return items.map(() => null);
  }

  rolledBack(): void {
    this.next.clear();
  }

  refused(item: EventRow, error: unknown): EventRow {
    return markerOf(item, error);
  }

  /** An attempt whose commit was in doubt may have written some. */
  private async missing(sql: SqlExecutor, items: readonly EventRow[]): Promise<readonly EventRow[]> {
    const existing = await this.repository.existingKeys(
      sql,
      items.map(({ eventKey }) => eventKey),
    );
    return items.filter(({ eventKey }) => !existing.has(eventKey));
  }

  private async learn(sql: SqlExecutor, rows: readonly EventRow[]): Promise<void> {
    const unknown = new Set(
      rows.map(({ correlationId }) => correlationId).filter((id) => !this.next.has(id)),
    );
    if (unknown.size === 0) return;
    const last = await this.repository.lastSeqs(sql, [...unknown]);
    for (const id of unknown) this.next.set(id, (last.get(id) ?? 0) + 1);
  }

  private takeNext(correlationId: string): number {
    const seq = this.next.get(correlationId) ?? 1;
    // Taken out and put back, the trail is the youngest of the Map.
    this.next.delete(correlationId);
    this.next.set(correlationId, seq + 1);
    return seq;
  }

  private forgetOldest(): void {
    for (const id of this.next.keys()) {
      if (this.next.size <= REMEMBERED_TRAILS) return;
      this.next.delete(id);
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
