import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  DatabaseService,
  fitInto,
  inBatches,
  placeholders,
  type SizedRow,
  type SqlDialect,
  type SqlExecutor,
  type SqlRow,
  type SqlValue,
} from '../database/index.js';
import { IS_OPEN_ERROR } from './outcome-origin.js';
import { decodeCursor, encodeCursor, type ProcessCursor } from './process-cursor.js';
import {
  type ListedProcess,
  type ListRestriction,
  type ProcessOwnership,
  type ProcessHead,
  type ProcessIdentity,
  type ProcessPage,
  type ProcessQuery,
  type ProcessRecord,
} from './process-record.js';
import {
  COLUMNS,
  HEAD_COLUMNS,
  IDENTITY_COLUMNS,
  identityOf,
  OWNERSHIP_COLUMNS,
  ownershipOf,
  listedOf,
  recordOf,
  SHOWN_COLUMNS,
} from './process-row.js';
import { REPLACEABLE } from './process-store.sql.js';
import { ProcessUpsert } from './process-upsert.js';
import type { ProcessWrite, ProcessWriteResult } from './process-write.js';

/** Ids in one query, on a server. */
const LOOK_BATCH = 1_000;

/**
 * Ids in one query of a file. SQLite reads on the event loop, and reads all of a long text that is stored before a column
 * of the query: about 1 ms for each MB, measured.
 */
const FILE_LOOK_BATCH = 16;

/** Not `<> 'pending'`: a newer version of the service may have further states. */
const DECIDED = "AND status IN ('ok','error')";

/** The place in a list of a row that is not read yet, and its size. */
export type ProcessPlace = ProcessCursor & SizedRow;

/**
 * Finds rows of `process_store` and writes them. Writes run inside the write queue.
 *
 * `ProcessStartRepository` has the statements of a start and its lease, `ProcessArchiveRepository` those of retention.
 */
@Injectable()
export class ProcessStoreRepository {
  private readonly dialect: SqlDialect;
  private readonly upsert: ProcessUpsert;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
    this.upsert = new ProcessUpsert(database.dialect);
  }

  /** The row of a process, or null. */
  async findProcessStore(correlationId: string): Promise<ProcessRecord | null> {
    const [row] = await this.database.read(`SELECT ${COLUMNS} FROM process_store WHERE correlation_id = ?`, [
      correlationId,
    ]);
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  /** Whole rows; ids without a row are missing. */
  async findCurrent(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    const rows = await this.findAmong(correlationIds, COLUMNS, '');
    return rows.map((row) => recordOf(row, this.dialect));
  }

  /** Who may act on a row, without its long texts; null if there is no row. */
  async findOwnership(correlationId: string): Promise<ProcessOwnership | null> {
    const [row] = await this.database.read(
      `SELECT ${OWNERSHIP_COLUMNS} FROM process_store WHERE correlation_id = ?`,
      [correlationId],
    );
    return row === undefined ? null : ownershipOf(row, this.dialect);
  }

  /**
   * A page of rows, newest first, by keyset: stable while rows are added.
   *
   * @throws InvalidCursorError
   */
  async findAllProcessStore(query: ProcessQuery): Promise<ProcessPage> {
    const { where, parameters } = this.conditionOf(query);
    const { includeData = false, limit, maxBytes, reserve } = query;
    const found = await this.findPlaces(where, [...parameters, limit + 1], includeData, true);
    const places = await this.asOfNow(found.slice(0, limit), where, parameters, includeData);
    const { count, bytes } = fitInto(places, maxBytes);
    const shown = places.slice(0, count);
    // All rows of a page may have been removed since a replica had them; the next page follows all the same.
    const last = shown.at(-1) ?? found.slice(0, limit).at(-1);
    if (last === undefined) return { processes: [], nextCursor: null };
    reserve?.(bytes);
    const rows = await this.findShown(
      shown.map(({ correlationId }) => correlationId),
      includeData,
    );
    return {
      processes: shown.flatMap(({ correlationId }) => rows.get(correlationId) ?? []),
      nextCursor: found.length > limit || places.length > count ? encodeCursor(last) : null,
    };
  }

  /** The places of the open rows in a list: pending rows first, then open errors; each newest first. */
  async findOpenPlaces(limit: number, restriction: ListRestriction = {}): Promise<readonly ProcessPlace[]> {
    const { conditions, parameters } = restrictionOf(restriction);
    const and = conditions.map((condition) => ` AND ${condition}`).join('');
    // Two statements, because each has an index of its own and an OR of both would have none. Only errors have these
    // codes; naming the status as well would make SQLite walk through all errors instead of the few open ones.
    const pending = await this.findPlaces(`WHERE status = 'pending'${and}`, [...parameters, limit], false);
    const failed = await this.findPlaces(`WHERE ${IS_OPEN_ERROR}${and}`, [...parameters, limit], false);
    return [...pending, ...failed];
  }

  /** The part of rows that clients see, by id; ids without a row are missing. */
  async findShown(
    correlationIds: readonly string[],
    includeData: boolean,
  ): Promise<ReadonlyMap<string, ListedProcess>> {
    const columns = includeData ? `${SHOWN_COLUMNS}, data` : SHOWN_COLUMNS;
    const rows = await this.findAmong(correlationIds, columns, '');
    return new Map(rows.map((row) => [row.correlation_id as string, listedOf(row, this.dialect)]));
  }

  /**
   * The places of rows that a replica has found, with the sizes that the primary has now; without a replica unchanged. Only
   * of those that still meet the condition: the id of a removed row may belong to another owner since.
   */
  private async asOfNow(
    places: readonly ProcessPlace[],
    where: string,
    parameters: readonly SqlValue[],
    withData: boolean,
  ): Promise<readonly ProcessPlace[]> {
    if (!this.database.hasReplica || places.length === 0) return places;
    const ids = places.map(({ correlationId }) => correlationId);
    const isFound = `correlation_id IN ${placeholders(ids.length)}`;
    return this.findPlaces(
      where === '' ? `WHERE ${isFound}` : `${where} AND ${isFound}`,
      [...parameters, ...ids, ids.length],
      withData,
    );
  }

  /** @param mayBeOlder they may be those of a replica */
  private async findPlaces(
    where: string,
    parameters: readonly SqlValue[],
    withData: boolean,
    mayBeOlder = false,
  ): Promise<readonly ProcessPlace[]> {
    const { bytesIn, limit, readTime } = this.dialect;
    const bytes = withData ? `${bytesIn('error')} + ${bytesIn('data')}` : bytesIn('error');
    const rows = await this.database[mayBeOlder && this.database.hasReplica ? 'readReplica' : 'read'](
      `SELECT correlation_id, started_at, ${bytes} AS bytes FROM process_store ${where} ` +
        `ORDER BY started_at DESC, correlation_id DESC${limit}`,
      parameters,
    );
    return rows.map((row) => ({
      correlationId: row.correlation_id as string,
      startedAt: readTime(row.started_at),
      bytes: Number(row.bytes),
    }));
  }

  /**
   * Writes rows: inserts if no row has the id, updates if claim and version are the expected ones.
   *
   * @param repeated an earlier attempt may have committed: a row that equals the result of a write counts as written
   */
  upsertProcessStore(
    sql: SqlExecutor,
    writes: readonly ProcessWrite[],
    repeated: boolean,
  ): Promise<readonly ProcessWriteResult[]> {
    return this.upsert.write(sql, writes, repeated);
  }

  /** The ids whose processes are no longer pending. */
  async findDecidedIds(correlationIds: readonly string[]): Promise<readonly string[]> {
    const rows = await this.findAmong(correlationIds, 'correlation_id', DECIDED);
    return rows.map((row) => row.correlation_id as string);
  }

  /** The processes that are no longer pending, with their results. */
  async findDecided(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    const rows = await this.findAmong(correlationIds, COLUMNS, DECIDED);
    return rows.map((row) => recordOf(row, this.dialect));
  }

  /** True if any row is pending or an incident. */
  async hasReplaceable(): Promise<boolean> {
    for (const condition of REPLACEABLE) {
      const rows = await this.database.read(
        `SELECT correlation_id FROM process_store WHERE ${condition} ORDER BY started_at${this.dialect.limit}`,
        [1],
      );
      if (rows.length > 0) return true;
    }
    return false;
  }

  /** The process keys of the rows that are pending or an incident. */
  async replaceableKeys(): Promise<readonly string[]> {
    const keys = new Set<string>();
    for (const condition of REPLACEABLE) {
      const rows = await this.database.read(
        `SELECT DISTINCT process_key FROM process_store WHERE ${condition} AND process_key IS NOT NULL`,
      );
      for (const row of rows) keys.add(row.process_key as string);
    }
    return [...keys];
  }

  /** The processes that are pending or an incident. */
  findReplaceable(correlationIds: readonly string[]): Promise<readonly ProcessHead[]> {
    return this.findHeads(correlationIds, `AND (${REPLACEABLE.join(' OR ')})`);
  }

  /** Rows that are pending or an incident and started before a time, oldest first. */
  async findReplaceableBefore(
    startedBefore: Date,
    after: Pick<ProcessRecord, 'startedAt' | 'correlationId'> | null,
    limit: number,
  ): Promise<readonly ProcessIdentity[]> {
    const { time } = this.dialect;
    const found: ProcessIdentity[] = [];
    for (const condition of REPLACEABLE) {
      const from = after === null ? '' : 'AND started_at >= ? AND (started_at > ? OR correlation_id > ?) ';
      const start = after === null ? [] : [time(after.startedAt), time(after.startedAt), after.correlationId];
      const rows = await this.database.read(
        `SELECT ${IDENTITY_COLUMNS} FROM process_store WHERE ${condition} AND started_at < ? ${from}` +
          `ORDER BY started_at, correlation_id${this.dialect.limit}`,
        [time(startedBefore), ...start, limit],
      );
      found.push(...rows.map((row) => identityOf(row, this.dialect)));
    }
    return found
      .sort(
        (a, b) =>
          a.startedAt.getTime() - b.startedAt.getTime() || (a.correlationId < b.correlationId ? -1 : 1),
      )
      .slice(0, limit);
  }

  /** The rows of ids, whatever their state. */
  findByIds(correlationIds: readonly string[]): Promise<readonly ProcessHead[]> {
    return this.findHeads(correlationIds, '');
  }

  private async findHeads(
    correlationIds: readonly string[],
    further: string,
  ): Promise<readonly ProcessHead[]> {
    const rows = await this.findAmong(correlationIds, HEAD_COLUMNS, further);
    return rows.map((row) => recordOf(row, this.dialect));
  }

  /** @param further a condition that begins with AND, or nothing */
  private async findAmong(
    correlationIds: readonly string[],
    columns: string,
    further: string,
  ): Promise<readonly SqlRow[]> {
    const found: SqlRow[] = [];
    const batches = inBatches(correlationIds, 1, this.dialect.exclusive ? FILE_LOOK_BATCH : LOOK_BATCH);
    for (const [index, batch] of batches.entries()) {
      // A file is read on the event loop; other work runs before the next batch.
      if (index > 0) await setImmediate();
      const rows = await this.database.read(
        `SELECT ${columns} FROM process_store WHERE correlation_id IN ${placeholders(batch.length)} ${further}`,
        batch,
      );
      found.push(...rows);
    }
    return found;
  }

  private conditionOf(query: ProcessQuery): { where: string; parameters: SqlValue[] } {
    const { time } = this.dialect;
    const { conditions, parameters } = restrictionOf(query);
    const add = (condition: string, ...values: SqlValue[]): void => {
      conditions.push(condition);
      parameters.push(...values);
    };
    if (query.status !== undefined) add('status = ?', query.status);
    if (query.processKey !== undefined) add('process_key = ?', query.processKey);
    if (query.startedAfter !== undefined) add('started_at >= ?', time(query.startedAfter));
    if (query.startedBefore !== undefined) add('started_at < ?', time(query.startedBefore));
    if (query.cursor !== undefined) {
      const { startedAt, correlationId } = decodeCursor(query.cursor);
      const at = time(startedAt);
      // The first condition is redundant, but it lets the database seek in the index.
      add('started_at <= ? AND (started_at < ? OR correlation_id < ?)', at, at, correlationId);
    }
    return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, parameters };
  }
}

/** The conditions of a restriction; no key at all is a condition that no row meets. */
function restrictionOf({ processKeys, owner }: ListRestriction): {
  readonly conditions: string[];
  readonly parameters: SqlValue[];
} {
  const conditions: string[] = [];
  const parameters: SqlValue[] = [];
  if (owner !== undefined) {
    conditions.push('owner = ?');
    parameters.push(owner);
  }
  if (processKeys !== undefined) {
    conditions.push(
      processKeys.length === 0 ? '1 = 0' : `process_key IN ${placeholders(processKeys.length)}`,
    );
    parameters.push(...processKeys);
  }
  return { conditions, parameters };
}
