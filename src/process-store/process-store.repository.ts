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
import { hasOrigin, IS_OPEN_ERROR } from './outcome-origin.js';
import { decodeCursor, encodeCursor, type ProcessCursor } from './process-cursor.js';
import {
  type ListedProcess,
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
  listedOf,
  recordOf,
  SHOWN_COLUMNS,
} from './process-row.js';
import { CANCEL_DUE_MS, selectByIds, START_DONE, updateRow } from './process-store.sql.js';
import type { DueStart, StartAttempt, StartSchedule } from './process-store.types.js';
import { ProcessUpsert } from './process-upsert.js';
import type { ProcessWrite, ProcessWriteResult } from './process-write.js';

/** Ids in one look at rows, on a server. */
const LOOK_BATCH = 1_000;

/**
 * Ids in one look at rows of a file. SQLite reads on the event loop, and reads all of a long text that stands before a
 * column that is asked for: about 1 ms for each MB, measured.
 */
const FILE_LOOK_BATCH = 16;

/** What cancel, expiry and an end seen in the engine may replace; each condition has an index of its own. */
const REPLACEABLE = ["status = 'pending'", hasOrigin('incident')] as const;

const DECIDED = "AND status <> 'pending'";

const UNRESOLVED_CLAIM =
  "status = 'pending' AND joined = 0 AND cancel_requested_at IS NULL AND process_instance_id IS NULL";

/** A row that is not read yet, and where it is in a list. */
export type ProcessPlace = ProcessCursor & SizedRow;

/** The statements of `process_store`; no other place has any but its archive's. Writes run inside the write queue. */
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

  /**
   * A page of rows, newest first, by keyset: stable while rows are added.
   *
   * @throws InvalidCursorError
   */
  async findAllProcessStore(query: ProcessQuery): Promise<ProcessPage> {
    const { where, parameters } = this.conditionOf(query);
    const { includeData = false, limit, maxBytes, reserve } = query;
    const places = await this.findPlaces(where, [...parameters, limit + 1], includeData);
    const { count, bytes } = fitInto(places.slice(0, limit), maxBytes);
    const shown = places.slice(0, count);
    const last = shown.at(-1);
    if (last === undefined) return { processes: [], nextCursor: null };
    reserve?.(bytes);
    const found = await this.findShown(
      shown.map(({ correlationId }) => correlationId),
      includeData,
    );
    return {
      processes: shown.flatMap(({ correlationId }) => found.get(correlationId) ?? []),
      nextCursor: places.length > count ? encodeCursor(last) : null,
    };
  }

  /** Where the open rows are in a list, newest first for each kind of them. */
  async findOpenPlaces(limit: number): Promise<readonly ProcessPlace[]> {
    // Two statements, because each has an index of its own and an OR of both would have none. Only errors have these
    // codes; naming the status as well would make SQLite walk through all errors instead of the few open ones.
    const pending = await this.findPlaces("WHERE status = 'pending'", [limit], false);
    const failed = await this.findPlaces(`WHERE ${IS_OPEN_ERROR}`, [limit], false);
    return [...pending, ...failed];
  }

  /** What is shown of rows, by id; those that are gone are missing. */
  async findShown(
    correlationIds: readonly string[],
    includeData: boolean,
  ): Promise<ReadonlyMap<string, ListedProcess>> {
    const columns = includeData ? `${SHOWN_COLUMNS}, data` : SHOWN_COLUMNS;
    const rows = await this.findAmong(correlationIds, columns, '');
    return new Map(rows.map((row) => [row.correlation_id as string, listedOf(row, this.dialect)]));
  }

  private async findPlaces(
    where: string,
    parameters: readonly SqlValue[],
    withData: boolean,
  ): Promise<readonly ProcessPlace[]> {
    const { bytesIn, limit, readTime } = this.dialect;
    const bytes = withData ? `${bytesIn('error')} + ${bytesIn('data')}` : bytesIn('error');
    const rows = await this.database.read(
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
   * Writes rows: inserts where there is none with the id, updates where the version is the expected one.
   *
   * @param repeated an earlier attempt may have committed: a row as this write would leave it counts as written
   */
  upsertProcessStore(
    sql: SqlExecutor,
    writes: readonly ProcessWrite[],
    repeated: boolean,
  ): Promise<readonly ProcessWriteResult[]> {
    return this.upsert.write(sql, writes, repeated);
  }

  /** Writes the instance id where it is null, and ends the start: its variables and its lease are not needed more. */
  async noteStarted(
    sql: SqlExecutor,
    correlationId: string,
    instanceId: string,
  ): Promise<ProcessRecord | null> {
    return this.change(
      sql,
      `process_instance_id = COALESCE(process_instance_id, ?), ${this.startEnded}`,
      'correlation_id = ?',
      [instanceId, CANCEL_DUE_MS, correlationId],
    );
  }

  /** Marks a claim whose start is not resolved as relied on; returns the row, or null where it is gone. */
  async markJoined(sql: SqlExecutor, correlationId: string): Promise<ProcessRecord | null> {
    const { rows, otherwise } = await sql.queryOr(
      {
        sql: updateRow(this.dialect, 'joined = 1', 'correlation_id = ? AND process_instance_id IS NULL'),
        parameters: [correlationId],
      },
      1,
      selectByIds(correlationId),
    );
    const row = rows[0] ?? otherwise?.[0];
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  /** Deletes a claim that nobody relies on; true where it is gone. */
  async releaseClaim(
    sql: SqlExecutor,
    correlationId: string,
    claimId: string,
    repeated: boolean,
  ): Promise<boolean> {
    const deleted = await sql.execute(
      `DELETE FROM process_store WHERE correlation_id = ? AND claim_id = ? AND ${UNRESOLVED_CLAIM}`,
      [correlationId, claimId],
    );
    if (deleted > 0 || !repeated) return deleted > 0;
    // The id may have been claimed anew since: that row is another's.
    const { sql: select, parameters } = selectByIds(correlationId);
    return (await sql.query(select, parameters)).every((row) => row.claim_id !== claimId);
  }

  /** Rows of which something in the engine is left to do and due, oldest first. */
  async findDueStarts(limit: number): Promise<readonly DueStart[]> {
    const rows = await this.database.read(
      `SELECT correlation_id, ${this.dialect.bytesIn('variables')} AS bytes FROM process_store ` +
        `WHERE start_next_at <= ${this.dialect.nowPlusMs} ` +
        `ORDER BY started_at, correlation_id${this.dialect.limit}`,
      [0, limit],
    );
    return rows.map((row) => ({ correlationId: row.correlation_id as string, bytes: Number(row.bytes) }));
  }

  /** JSON text of the variables of a start; null where the start is done or there is no row. */
  async findVariables(correlationId: string): Promise<string | null> {
    const [row] = await this.database.read('SELECT variables FROM process_store WHERE correlation_id = ?', [
      correlationId,
    ]);
    return (row?.variables ?? null) as string | null;
  }

  /**
   * How many rows have something in the engine left to do.
   *
   * @param claimedBefore a start in flight whose claim is younger is not counted
   */
  async countUnresolvedStarts(claimedBefore: Date): Promise<number> {
    const [row] = await this.database.read(
      'SELECT COUNT(*) AS unresolved FROM process_store ' +
        // In this order: the owner stands behind the variables, which SQLite would read for every row.
        'WHERE start_next_at IS NOT NULL AND (started_at <= ? OR start_owner IS NULL)',
      [this.dialect.time(claimedBefore)],
    );
    return Number(row?.unresolved ?? 0);
  }

  /** Those of the ids whose processes wait no longer: their status is not pending. */
  async findDecidedIds(correlationIds: readonly string[]): Promise<readonly string[]> {
    const rows = await this.findAmong(correlationIds, 'correlation_id', DECIDED);
    return rows.map((row) => row.correlation_id as string);
  }

  /** Those of the processes that wait no longer, with their results: some at a time. */
  async findDecided(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    const rows = await this.findAmong(correlationIds, COLUMNS, DECIDED);
    return rows.map((row) => recordOf(row, this.dialect));
  }

  /** True where a row is pending or an incident. */
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

  /** Those of the processes that are pending or an incident. */
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
      // A file is read within this turn of the event loop; others come before the next batch.
      if (index > 0) await setImmediate();
      const rows = await this.database.read(
        `SELECT ${columns} FROM process_store WHERE correlation_id IN ${placeholders(batch.length)} ${further}`,
        batch,
      );
      found.push(...rows);
    }
    return found;
  }

  /** Takes the lease of a row that is due and free; null where somebody else was faster. */
  async leaseStart(
    sql: SqlExecutor,
    correlationId: string,
    owner: string,
    leaseMs: number,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    return this.change(
      sql,
      `start_owner = ?, start_lease_until = ${nowPlusMs}, start_next_at = ${nowPlusMs}`,
      `correlation_id = ? AND start_next_at <= ${nowPlusMs} ` +
        `AND (start_lease_until IS NULL OR start_lease_until <= ${nowPlusMs})`,
      [owner, leaseMs, leaseMs, correlationId, 0, 0],
    );
  }

  /** Notes an attempt before it is sent, and renews the lease; null where the row may not be started by this owner. */
  async beginStartAttempt(
    sql: SqlExecutor,
    { correlationId, owner, leaseMs, settleMs }: StartAttempt,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    return this.change(
      sql,
      'start_attempts = start_attempts + 1, ' +
        `start_last_attempt_at = ${nowPlusMs}, start_lease_until = ${nowPlusMs}, start_next_at = ${nowPlusMs}`,
      "correlation_id = ? AND start_owner = ? AND status = 'pending' " +
        'AND cancel_requested_at IS NULL AND process_instance_id IS NULL ' +
        `AND (start_last_attempt_at IS NULL OR start_last_attempt_at <= ${nowPlusMs})`,
      [0, leaseMs, leaseMs, correlationId, owner, -settleMs],
    );
  }

  /** Gives a lease back and says when the row is looked at again; only its holder's word counts. */
  async rescheduleStart(
    sql: SqlExecutor,
    { correlationId, owner, nextInMs, attempt }: StartSchedule,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    const attempted = {
      none: ', start_last_attempt_at = NULL, start_attempts = CASE WHEN start_attempts > 0 THEN start_attempts - 1 ELSE 0 END',
      'rolled-back': ', start_last_attempt_at = NULL',
      ambiguous: `, start_last_attempt_at = ${nowPlusMs}`,
      unchanged: '',
    }[attempt];
    return this.change(
      sql,
      `start_owner = NULL, start_lease_until = NULL, start_next_at = ${nowPlusMs}${attempted}`,
      'correlation_id = ? AND start_owner = ?',
      [nextInMs, ...(attempt === 'ambiguous' ? [0] : []), correlationId, owner],
    );
  }

  /** Ends the resolution of a start: nothing is left to be done in the engine. */
  async resolveStart(sql: SqlExecutor, correlationId: string): Promise<ProcessRecord | null> {
    return this.change(sql, this.startEnded, 'correlation_id = ?', [CANCEL_DUE_MS, correlationId]);
  }

  /** Lets a row fall due although it is resolved or leased, because something in the engine was seen to be left. */
  async reopenStart(
    sql: SqlExecutor,
    correlationId: string,
    nextInMs: number,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    return this.change(
      sql,
      `start_next_at = ${nowPlusMs}, start_last_attempt_at = ${nowPlusMs}`,
      'correlation_id = ?',
      [nextInMs, 0, correlationId],
    );
  }

  /**
   * Ends every lease: whoever held one is known to be gone.
   *
   * @param forgetAttempts what they sent can turn up no more either
   */
  async voidLeases(sql: SqlExecutor, forgetAttempts: boolean): Promise<number> {
    const forgotten = forgetAttempts ? ', start_last_attempt_at = NULL' : '';
    return sql.execute(
      `UPDATE process_store SET start_owner = NULL, start_lease_until = NULL, ` +
        `start_next_at = ${this.dialect.nowPlusMs}${forgotten} WHERE start_next_at IS NOT NULL`,
      [0],
    );
  }

  /**
   * After the clock was set back: nothing falls due, and no lease ends, later than in `atMostMs`, and no start was made
   * in the future.
   */
  async bringForward(sql: SqlExecutor, atMostMs: number): Promise<number> {
    const then = this.dialect.nowPlusMs;
    const atMost = (column: string): string =>
      `${column} = CASE WHEN ${column} > ${then} THEN ${then} ELSE ${column} END`;
    return sql.execute(
      `UPDATE process_store SET ${atMost('start_next_at')}, ${atMost('start_lease_until')}, ` +
        `${atMost('start_last_attempt_at')} WHERE start_next_at IS NOT NULL`,
      [atMostMs, atMostMs, atMostMs, atMostMs, 0, 0],
    );
  }

  /** Changes the row of a condition; null where there is none. */
  private async change(
    sql: SqlExecutor,
    set: string,
    where: string,
    parameters: readonly SqlValue[],
  ): Promise<ProcessRecord | null> {
    const [row] = await sql.query(updateRow(this.dialect, set, where), parameters);
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  /** What a start leaves that is resolved while its row may still be open; its parameter is a time in ms. */
  private get startEnded(): string {
    // A wish to cancel that is not carried out yet stays due: whoever had it in hand may be gone.
    const isWished = `cancel_requested_at IS NOT NULL AND (${REPLACEABLE.join(' OR ')})`;
    return `${START_DONE}, start_next_at = CASE WHEN ${isWished} THEN ${this.dialect.nowPlusMs} END`;
  }

  private conditionOf(query: ProcessQuery): { where: string; parameters: SqlValue[] } {
    const { time } = this.dialect;
    const conditions: string[] = [];
    const parameters: SqlValue[] = [];
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
      // The first condition says nothing new, but it is the one that an index can be entered with.
      add('started_at <= ? AND (started_at < ? OR correlation_id < ?)', at, at, correlationId);
    }
    return { where: conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`, parameters };
  }
}
