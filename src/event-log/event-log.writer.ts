import type { SqlExecutor, WriteKind } from '../database/index.js';
import type { EventContext } from './event-log.columns.js';
import { compareInTrail, markerOf } from './event-row.js';
import type { EventLogRepository } from './event-log.repository.js';
import type { EventRow } from './event.types.js';

/** Writes events, each at the end of its trail. */
export class EventLogWriter implements WriteKind<EventRow, null> {
  readonly name = 'event_log';
  readonly oneMessage = true;
  /** Its place in the trail, that is; an event key that exists is looked for before. */
  readonly givesKeys = true;

  /** @param onCommitted told of each process of whose trail a row has become durable; must not throw */
  constructor(
    private readonly repository: EventLogRepository,
    private readonly context: EventContext,
    private readonly onCommitted: (correlationId: string) => void,
  ) {}

  async write(sql: SqlExecutor, items: readonly EventRow[], repeated: boolean): Promise<readonly null[]> {
    const rows = repeated ? await this.missing(sql, items) : items;
    // Every instance takes the keys in the same order, so that two groups do not wait for each other.
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

  /** An attempt whose commit was in doubt may have written some. */
  private async missing(sql: SqlExecutor, items: readonly EventRow[]): Promise<readonly EventRow[]> {
    const existing = await this.repository.existingKeys(
      sql,
      items.map(({ eventKey }) => eventKey),
    );
    return items.filter(({ eventKey }) => !existing.has(eventKey));
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
