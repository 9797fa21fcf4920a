import { Injectable } from '@nestjs/common';
import { namesOf } from '../common/columns/index.js';
import {
  DatabaseService,
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlValue,
} from '../database/index.js';
import { EVENT_LOG_COLUMNS } from './event-log.columns.js';

/** An event that was written long ago. */
export interface OldEvent {
  readonly eventKey: string;
  readonly correlationId: string;
  readonly createdAt: Date;
}

/** A place in the trail of a process. */
export interface TrailPlace {
  readonly correlationId: string;
  readonly seq: number;
}

/** The events to remove: whole trails, a trail up to a place, or single events. */
export type EventSelection =
  | { readonly correlationIds: readonly string[]; readonly throughSeq?: number }
  | { readonly eventKeys: readonly string[] };

/** The columns that `event_log` and its archive have in common. */
const ARCHIVED_COLUMNS = namesOf(EVENT_LOG_COLUMNS);

/** The statements of retention for `event_log` and `event_log_archive`. Writes run inside the write queue. */
@Injectable()
export class EventArchiveRepository {
  private readonly dialect: SqlDialect;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
  }

  /**
   * The places of trails, trail by trail and each from its beginning, up to the limit. They come from an index alone, so
   * the cost does not depend on the length of a trail.
   */
  async findPlaces(correlationIds: readonly string[], limit: number): Promise<readonly TrailPlace[]> {
    const rows = await this.database.read(
      `SELECT correlation_id, seq FROM event_log WHERE correlation_id IN ${placeholders(correlationIds.length)} ` +
        `ORDER BY correlation_id, seq${this.dialect.limit}`,
      [...correlationIds, limit],
    );
    return rows.map((row) => ({ correlationId: row.correlation_id as string, seq: row.seq as number }));
  }

  /** Events that were written before a time, oldest first, after the one that `after` names. */
  async findOlderThan(before: Date, after: OldEvent | null, limit: number): Promise<readonly OldEvent[]> {
    const { time, readTime } = this.dialect;
    // The first condition is redundant, but it lets the database seek in the index.
    const from = after === null ? '' : 'AND created_at >= ? AND (created_at > ? OR event_key > ?) ';
    const start = after === null ? [] : [time(after.createdAt), time(after.createdAt), after.eventKey];
    const rows = await this.database.read(
      `SELECT event_key, correlation_id, created_at FROM event_log WHERE created_at < ? ${from}` +
        `ORDER BY created_at, event_key${this.dialect.limit}`,
      [time(before), ...start, limit],
    );
    return rows.map((row) => ({
      eventKey: row.event_key as string,
      correlationId: row.correlation_id as string,
      createdAt: readTime(row.created_at),
    }));
  }

  /** Copies events to the archive unchanged. */
  async archive(sql: SqlExecutor, selection: EventSelection, archivedAt: Date): Promise<void> {
    await Promise.all(
      this.conditionsOf(selection).map(({ where, parameters }) =>
        sql.execute(
          `INSERT INTO event_log_archive (${ARCHIVED_COLUMNS}, archived_at) SELECT ${ARCHIVED_COLUMNS}, ? FROM event_log ` +
            `WHERE ${where}`,
          [this.dialect.time(archivedAt), ...parameters],
        ),
      ),
    );
  }

  /**
   * Deletes events.
   *
   * @param onlyArchived only events that are in the archive: another instance may have written one since the copy
   * @returns the number of deleted events
   */
  async remove(sql: SqlExecutor, selection: EventSelection, onlyArchived: boolean): Promise<number> {
    const archived = onlyArchived
      ? ' AND EXISTS (SELECT 1 FROM event_log_archive WHERE event_log_archive.event_key = event_log.event_key)'
      : '';
    const removed = await Promise.all(
      this.conditionsOf(selection).map(({ where, parameters }) =>
        sql.execute(`DELETE FROM event_log WHERE ${where}${archived}`, parameters),
      ),
    );
    return removed.reduce((sum, each) => sum + each, 0);
  }

  private conditionsOf(
    selection: EventSelection,
  ): readonly { readonly where: string; readonly parameters: readonly SqlValue[] }[] {
    const [column, keys] =
      'eventKeys' in selection
        ? ['event_key', selection.eventKeys]
        : ['correlation_id', selection.correlationIds];
    const throughSeq = 'throughSeq' in selection ? selection.throughSeq : undefined;
    // A statement has up to two parameters that are not keys.
    return inBatches(keys, 1, this.dialect.maxParameters - 2).map((batch) => ({
      where: `${column} IN ${placeholders(batch.length)}${throughSeq === undefined ? '' : ' AND seq <= ?'}`,
      parameters: throughSeq === undefined ? batch : [...batch, throughSeq],
    }));
  }
}
