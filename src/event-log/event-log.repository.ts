import { Injectable } from '@nestjs/common';
import { namesOf, pick } from '../common/columns/index.js';
import {
  DatabaseService,
  inBatches,
  placeholders,
  type SizedRow,
  type SqlDialect,
  type SqlExecutor,
  type SqlRow,
  type SqlValue,
} from '../database/index.js';
import { EVENT_LOG_COLUMNS, VALUE_COLUMNS } from './event-log.columns.js';
import { ATTEMPT_COLUMNS } from './event-row.js';
import type { EventRow } from './event.types.js';

/** The columns of an insert, in the order of its parameters: all but the generated `id`. */
const INSERT_COLUMNS = {
  ...pick(EVENT_LOG_COLUMNS, 'correlationId', 'seq', 'eventKey', 'createdAt'),
  ...VALUE_COLUMNS,
};
const INSERT_NAMES = namesOf(INSERT_COLUMNS);
const INSERT_COUNT = Object.keys(INSERT_COLUMNS).length;

/** The values of a row. The database assigns the place in the trail, inside the transaction; it takes two parameters. */
const ROW =
  '(?,(SELECT COALESCE(MAX(seq),0)+? FROM event_log WHERE correlation_id=?),' +
  placeholders(INSERT_COUNT - 2).slice(1);
const ROW_PARAMETERS = INSERT_COUNT + 1;

/** Ids in one query. */
const LOOK_BATCH = 1_000;

const ALL_NAMES = namesOf(EVENT_LOG_COLUMNS);

const LONG_NAMES = Object.values(EVENT_LOG_COLUMNS).flatMap(({ name, isLong }) => (isLong ? [name] : []));

/** The statements of `event_log`; no other place has any but its archive's. Writes run inside the write queue. */
@Injectable()
export class EventLogRepository {
  private readonly dialect: SqlDialect;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
  }

  /** Rows of a trail after a place in it, oldest first. */
  findEvents(correlationId: string, after: number, limit: number): Promise<readonly SqlRow[]> {
    return this.database.read(
      `SELECT ${ALL_NAMES} FROM event_log WHERE correlation_id = ? AND seq > ? ` +
        `ORDER BY seq${this.dialect.limit}`,
      [correlationId, after, limit],
    );
  }

  /** The places of a trail after one of them, oldest first, with the size of the long texts of each. */
  async findPlaces(correlationId: string, after: number, limit: number): Promise<readonly SizedRow[]> {
    const bytes = LONG_NAMES.map((name) => this.dialect.bytesIn(name)).join(' + ');
    const rows = await this.database.read(
      `SELECT seq, ${bytes} AS bytes FROM event_log WHERE correlation_id = ? AND seq > ? ` +
        `ORDER BY seq${this.dialect.limit}`,
      [correlationId, after, limit],
    );
    return rows.map((row) => ({ bytes: Number(row.bytes) }));
  }

  /** The place of the last event of each trail. */
  async findLastPlaces(correlationIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const places = new Map<string, number>();
    for (const batch of inBatches(correlationIds, 1, LOOK_BATCH)) {
      const rows = await this.database.read(
        `SELECT correlation_id, MAX(seq) AS seq FROM event_log ` +
          `WHERE correlation_id IN ${placeholders(batch.length)} GROUP BY correlation_id`,
        batch,
      );
      for (const row of rows) places.set(row.correlation_id as string, Number(row.seq));
    }
    return places;
  }

  /** The latest attempts of a step, the last one first. */
  findAttempts(correlationId: string, stepName: string, limit: number): Promise<readonly SqlRow[]> {
    return this.database.read(
      `SELECT ${ATTEMPT_COLUMNS} FROM event_log WHERE correlation_id = ? AND step_name = ? ` +
        `ORDER BY seq DESC${this.dialect.limit}`,
      [correlationId, stepName, limit],
    );
  }

  /** The keys that are in the table. */
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

  /** Writes events in order, each at the end of its trail. */
  async insert(sql: SqlExecutor, events: readonly EventRow[]): Promise<void> {
    const batches = inBatches(events, ROW_PARAMETERS, this.dialect.maxParameters);
    await Promise.all(
      batches.map((batch) =>
        sql.execute(
          `INSERT INTO event_log (${INSERT_NAMES}) VALUES ${batch.map(() => ROW).join(',')}`,
          this.parametersOf(batch),
        ),
      ),
    );
  }

  private parametersOf(events: readonly EventRow[]): SqlValue[] {
    const parameters: SqlValue[] = [];
    const places = new Map<string, number>();
    for (const { correlationId, eventKey, createdAt, values } of events) {
      // A statement does not see its own rows, so the place of an event counts from the last row before the statement.
      const place = (places.get(correlationId) ?? 0) + 1;
      places.set(correlationId, place);
      parameters.push(correlationId, place, correlationId, eventKey, this.dialect.time(createdAt), ...values);
    }
    return parameters;
  }
}
