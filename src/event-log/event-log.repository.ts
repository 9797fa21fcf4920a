import { Injectable } from '@nestjs/common';
import {
  DatabaseService,
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlRow,
} from '../database/index.js';
import { EVENT_COLUMNS } from './event-row.js';
import type { EventRow } from './event.types.js';

/** An event with its place in the trail. */
export interface NumberedEvent {
  readonly row: EventRow;
  readonly seq: number;
}

const COLUMNS = ['correlation_id', 'seq', 'event_key', 'created_at', ...EVENT_COLUMNS];

/** The statements of `event_log`; the only place that has them. Writes run inside the write queue. */
@Injectable()
export class EventLogRepository {
  private readonly dialect: SqlDialect;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
  }

  /** Rows of a trail after a place in it, oldest first. */
  findEvents(correlationId: string, after: number, limit: number): Promise<readonly SqlRow[]> {
    return this.database.read(
      `SELECT id, ${COLUMNS.join(', ')} FROM event_log WHERE correlation_id = ? AND seq > ? ` +
        `ORDER BY seq${this.dialect.limit}`,
      [correlationId, after, limit],
    );
  }

  /** The last place in the trail of each id that has one. */
  async lastSeqs(sql: SqlExecutor, correlationIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const last = new Map<string, number>();
    for (const batch of inBatches(correlationIds, 1, this.dialect.maxParameters)) {
      const rows = await sql.query(
        'SELECT correlation_id, MAX(seq) AS seq FROM event_log ' +
          `WHERE correlation_id IN ${placeholders(batch.length)} GROUP BY correlation_id`,
        batch,
      );
      for (const row of rows) last.set(row.correlation_id as string, row.seq as number);
    }
    return last;
  }

  /** Those of the keys that are in the table. */
  async existingKeys(sql: SqlExecutor, eventKeys: readonly string[]): Promise<ReadonlySet<string>> {
    const existing = new Set<string>();
    for (const batch of inBatches(eventKeys, 1, this.dialect.maxParameters)) {
      const rows = await sql.query(
        `SELECT event_key FROM event_log WHERE event_key IN ${placeholders(batch.length)}`,
        batch,
      );
      for (const row of rows) existing.add(row.event_key as string);
    }
    return existing;
  }

  async insert(sql: SqlExecutor, events: readonly NumberedEvent[]): Promise<void> {
    const one = placeholders(COLUMNS.length);
    for (const batch of inBatches(events, COLUMNS.length, this.dialect.maxParameters)) {
      await sql.execute(
        `INSERT INTO event_log (${COLUMNS.join(', ')}) VALUES ${batch.map(() => one).join(',')}`,
        batch.flatMap(({ row, seq }) => [
          row.correlationId,
          seq,
          row.eventKey,
          this.dialect.time(row.createdAt),
          ...row.values,
        ]),
      );
    }
  }
}
