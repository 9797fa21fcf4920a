import type { SqlExecutor, WriteKind } from '../database/index.js';
import type { EventContext } from './event-log.columns.js';
import { compareInTrail, markerOf } from './event-row.js';
import type { EventLogRepository } from './event-log.repository.js';
import type { EventRow } from './event.types.js';

/** Writes events, each at the end of its trail. */
export class EventLogWriter implements WriteKind<EventRow, null> {
  readonly name = 'event_log';
  readonly oneMessage = true;
  /** The place in the trail. An event key that exists already is found before the insert. */
  readonly givesKeys = true;

  /** @param onCommitted called with the process of each committed row; must not throw */
  constructor(
    private readonly repository: EventLogRepository,
    private readonly context: EventContext,
    private readonly onCommitted: (correlationId: string) => void,
  ) {}

  async write(sql: SqlExecutor, items: readonly EventRow[], repeated: boolean): Promise<readonly null[]> {
    const rows = repeated ? await this.missing(sql, items) : items;
    // Every instance takes the keys in the same order, so that two groups do not deadlock.
    const sorted = [...rows].sort(
      (a, b) => compare(a.correlationId, b.correlationId) || compareInTrail(a, b),
    );
    await this.repository.insert(sql, sorted);
    return items.map(() => null);
  }

  committed({ correlationId }: EventRow): void {
    this.onCommitted(correlationId);
  }

  refused(item: EventRow, error: unknown): EventRow {
    return markerOf(item, error, this.context);
  }

  /** The events that an earlier attempt, whose commit is in doubt, has not written. */
  private async missing(sql: SqlExecutor, items: readonly EventRow[]): Promise<readonly EventRow[]> {
    const existing = new Set(
      await this.repository.existingKeys(
        sql,
        items.map(({ eventKey }) => eventKey),
      ),
    );
    return items.filter(({ eventKey }) => {
      if (existing.has(eventKey)) return false;
      // The first one of a key counts, also within the group.
      existing.add(eventKey);
      return true;
    });
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
