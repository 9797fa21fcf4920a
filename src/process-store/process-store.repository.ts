import { Injectable } from '@nestjs/common';
import {
  DatabaseService,
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlStatement,
  type SqlValue,
} from '../database/index.js';
import { decodeCursor, encodeCursor } from './process-cursor.js';
import {
  type ListedProcess,
  OPEN_ERROR_CODES,
  type ProcessChange,
  type ProcessPage,
  type ProcessQuery,
  type ProcessRecord,
} from './process-record.js';
import { COLUMNS, COLUMNS_BUT_DATA, recordOf, timeOf } from './process-row.js';

/** A row that is new; `record` holds no lease, which the database's clock gives. */
export interface InsertProcess {
  readonly type: 'insert';
  readonly record: ProcessRecord;
  /** Null: the row is no claim, and nobody starts it. */
  readonly leaseMs: number | null;
}

/** A change that is made only where the row is still the one that was seen: of the same claim, and of its version. */
export interface UpdateProcess {
  readonly type: 'update';
  readonly correlationId: string;
  readonly claimId: string;
  readonly expectedVersion: number;
  readonly change: ProcessChange;
  readonly at: Date;
}

export type ProcessWrite = InsertProcess | UpdateProcess;

/** Whether the write was made, and the row as it is then; null where there is none. */
export interface ProcessWriteResult {
  readonly written: boolean;
  readonly record: ProcessRecord | null;
}

/** Ids in one look at those that somebody waits for. */
const LOOK_BATCH = 1_000;

/** What cancel, expiry and an end seen in the engine may replace; each condition has an index of its own. */
const REPLACEABLE = ["status = 'pending'", "error_code = 'INCIDENT'"] as const;

/** A further attempt at a start, by the holder of its lease. */
export interface StartAttempt {
  readonly correlationId: string;
  readonly owner: string;
  /** How long the lease holds from now on, in ms. */
  readonly leaseMs: number;
  /** How long after the last attempt no other may be made, in ms, unless that one is known to have left nothing. */
  readonly settleMs: number;
}

/** When a row is looked at again, and what became of the attempt that its holder made. */
export interface StartSchedule {
  readonly correlationId: string;
  readonly owner: string;
  readonly nextInMs: number;
  /**
   * `none`: nothing was sent, and the attempt does not count. `rolled-back`: it counts, and left nothing. `ambiguous`:
   * the engine may have taken it. `unchanged`: none was made.
   */
  readonly attempt: 'none' | 'rolled-back' | 'ambiguous' | 'unchanged';
}

/** Parameters of an inserted row, and its columns in their order. */
const INSERT_COLUMNS =
  'correlation_id, process_key, process_instance_id, status, data, error, error_code, version, started_at, ' +
  'updated_at, request_hash, claim_id, variables, start_owner, start_attempts, joined, outcome_step, batch_id, ' +
  'traceability_id, application_id, start_lease_until, start_next_at, start_last_attempt_at';
const INSERT_PARAMETERS = 23;

/** How often an insert is made that finds a row in its way, and then none: each time another has come and gone. */
const INSERT_TRIES = 3;

/** What is forgotten once a start is resolved. */
const START_DONE = 'variables = NULL, start_owner = NULL, start_lease_until = NULL';
const START_RESOLVED = `${START_DONE}, start_next_at = NULL`;

/** How long after its wish, or after its start was resolved, an unfinished cancel falls due for the resolver. */
const CANCEL_DUE_MS = 2_000;

const UNRESOLVED_CLAIM =
  "status = 'pending' AND joined = 0 AND cancel_requested_at IS NULL AND process_instance_id IS NULL";

/** The statements of `process_store`; no other place has any but its archive's. Writes run inside the write queue. */
@Injectable()
export class ProcessStoreRepository {
  private readonly dialect: SqlDialect;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
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
    const columns = query.includeData === true ? COLUMNS : COLUMNS_BUT_DATA;
    const rows = await this.database.read(
      `SELECT ${columns}, CASE WHEN data IS NULL THEN 0 ELSE 1 END AS has_data FROM process_store ${where} ` +
        `ORDER BY started_at DESC, correlation_id DESC${this.dialect.limit}`,
      [...parameters, query.limit + 1],
    );
    const processes = rows
      .slice(0, query.limit)
      .map((row): ListedProcess => ({ ...recordOf(row, this.dialect), hasData: row.has_data === 1 }));
    const last = processes.at(-1);
    return { processes, nextCursor: rows.length > query.limit && last ? encodeCursor(last) : null };
  }

  /** The open rows, newest first. */
  async findOpenProcessStore(limit: number): Promise<readonly ProcessRecord[]> {
    const newest = `ORDER BY started_at DESC, correlation_id DESC${this.dialect.limit}`;
    const codes = OPEN_ERROR_CODES.map((code) => `'${code}'`).join(',');
    // Two statements, because each has an index of its own and an OR of both would have none. Only errors have these
    // codes; naming the status as well would make SQLite walk through all errors instead of the few open ones.
    const pending = await this.database.read(
      `SELECT ${COLUMNS} FROM process_store WHERE status = 'pending' ${newest}`,
      [limit],
    );
    const failed = await this.database.read(
      `SELECT ${COLUMNS} FROM process_store WHERE error_code IN (${codes}) ${newest}`,
      [limit],
    );
    return [...pending, ...failed].map((row) => recordOf(row, this.dialect));
  }

  /**
   * Writes rows: inserts where there is none with the id, updates where the version is the expected one.
   *
   * @param repeated an earlier attempt may have committed: a row as this write would leave it counts as written
   */
  async upsertProcessStore(
    sql: SqlExecutor,
    writes: readonly ProcessWrite[],
    repeated: boolean,
  ): Promise<readonly ProcessWriteResult[]> {
    const results = new Map<ProcessWrite, ProcessWriteResult>();
    const steps: (() => Promise<void>)[] = [];
    for (const run of insertsBeforeUpdates(this.inLockOrder(writes))) {
      const inserts = run.filter((write) => write.type === 'insert');
      for (const batch of inBatches(inserts, INSERT_PARAMETERS, this.dialect.maxParameters)) {
        steps.push(() => this.insert(sql, batch, results));
      }
      for (const write of run) {
        if (write.type === 'update') steps.push(() => this.update(sql, write, repeated, results));
      }
    }
    if (this.dialect.oneMessage) await Promise.all(steps.map((step) => step()));
    // An insert may take several statements, and no update of the same id may come between them.
    else for (const step of steps) await step();
    return writes.map((write) => results.get(write) ?? { written: false, record: null });
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
        sql: this.updateReturningRow('joined = 1', 'correlation_id = ? AND process_instance_id IS NULL'),
        parameters: [correlationId],
      },
      1,
      this.selection(correlationId),
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
    const { sql: select, parameters } = this.selection(correlationId);
    return (await sql.query(select, parameters)).every((row) => row.claim_id !== claimId);
  }

  /** Rows of which something in the engine is left to do and due, oldest first. */
  async findDueStarts(limit: number): Promise<readonly ProcessRecord[]> {
    const rows = await this.database.read(
      `SELECT ${COLUMNS} FROM process_store WHERE start_next_at <= ${this.dialect.nowPlusMs} ` +
        `ORDER BY started_at, correlation_id${this.dialect.limit}`,
      [0, limit],
    );
    return rows.map((row) => recordOf(row, this.dialect));
  }

  /**
   * How many rows have something in the engine left to do.
   *
   * @param claimedBefore a start in flight whose claim is younger is not counted
   */
  async countUnresolvedStarts(claimedBefore: Date): Promise<number> {
    const [row] = await this.database.read(
      'SELECT COUNT(*) AS unresolved FROM process_store ' +
        'WHERE start_next_at IS NOT NULL AND (start_owner IS NULL OR started_at <= ?)',
      [this.dialect.time(claimedBefore)],
    );
    return Number(row?.unresolved ?? 0);
  }

  /** Those of the processes that wait no longer: their status is not pending. */
  findDecided(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.findAmong(correlationIds, "AND status <> 'pending'");
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
  findReplaceable(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.findAmong(correlationIds, `AND (${REPLACEABLE.join(' OR ')})`);
  }

  /** Rows that are pending or an incident and started before a time, oldest first. */
  async findReplaceableBefore(
    startedBefore: Date,
    after: Pick<ProcessRecord, 'startedAt' | 'correlationId'> | null,
    limit: number,
  ): Promise<readonly ProcessRecord[]> {
    const { time } = this.dialect;
    const found: ProcessRecord[] = [];
    for (const condition of REPLACEABLE) {
      const from = after === null ? '' : 'AND started_at >= ? AND (started_at > ? OR correlation_id > ?) ';
      const start = after === null ? [] : [time(after.startedAt), time(after.startedAt), after.correlationId];
      const rows = await this.database.read(
        `SELECT ${COLUMNS} FROM process_store WHERE ${condition} AND started_at < ? ${from}` +
          `ORDER BY started_at, correlation_id${this.dialect.limit}`,
        [time(startedBefore), ...start, limit],
      );
      found.push(...rows.map((row) => recordOf(row, this.dialect)));
    }
    return found
      .sort(
        (a, b) =>
          a.startedAt.getTime() - b.startedAt.getTime() || (a.correlationId < b.correlationId ? -1 : 1),
      )
      .slice(0, limit);
  }

  /** The rows of ids, whatever their state. */
  findByIds(correlationIds: readonly string[]): Promise<readonly ProcessRecord[]> {
    return this.findAmong(correlationIds, '');
  }

  /** @param further a condition that begins with AND, or nothing */
  private async findAmong(
    correlationIds: readonly string[],
    further: string,
  ): Promise<readonly ProcessRecord[]> {
    const found: ProcessRecord[] = [];
    for (const batch of inBatches(correlationIds, 1, LOOK_BATCH)) {
      const rows = await this.database.read(
        `SELECT ${COLUMNS} FROM process_store WHERE correlation_id IN ${placeholders(batch.length)} ${further}`,
        batch,
      );
      found.push(...rows.map((row) => recordOf(row, this.dialect)));
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

  /** Instances that write to one table take its rows in the same order, so that none waits for another in a circle. */
  private inLockOrder(writes: readonly ProcessWrite[]): readonly ProcessWrite[] {
    if (this.dialect.exclusive) return writes;
    // The sort keeps the order of the writes of one id.
    return writes
      .map((write) => ({
        write,
        id: write.type === 'insert' ? write.record.correlationId : write.correlationId,
      }))
      .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
      .map(({ write }) => write);
  }

  /** Changes the row of a condition; null where there is none. */
  private async change(
    sql: SqlExecutor,
    set: string,
    where: string,
    parameters: readonly SqlValue[],
  ): Promise<ProcessRecord | null> {
    const [row] = await sql.query(this.updateReturningRow(set, where), parameters);
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  private updateReturningRow(set: string, where: string): string {
    return this.dialect.update({ table: 'process_store', set, where, returning: COLUMNS });
  }

  /** What a start leaves that is resolved while its row may still be open; its parameter is a time in ms. */
  private get startEnded(): string {
    // A wish to cancel that is not carried out yet stays due: whoever had it in hand may be gone.
    const isWished = `cancel_requested_at IS NOT NULL AND (${REPLACEABLE.join(' OR ')})`;
    return `${START_DONE}, start_next_at = CASE WHEN ${isWished} THEN ${this.dialect.nowPlusMs} END`;
  }

  private selection(...correlationIds: readonly string[]): SqlStatement {
    return {
      sql: `SELECT ${COLUMNS} FROM process_store WHERE correlation_id IN ${placeholders(correlationIds.length)}`,
      parameters: correlationIds,
    };
  }

  private async insert(
    sql: SqlExecutor,
    writes: readonly InsertProcess[],
    results: Map<ProcessWrite, ProcessWriteResult>,
    triesLeft = INSERT_TRIES,
  ): Promise<void> {
    const { dialect } = this;
    const row = `(${placeholders(INSERT_PARAMETERS - 3).slice(1, -1)},${Array(3).fill(dialect.nowPlusMs).join(',')})`;
    const inserted = await dialect.insertNew(
      sql,
      {
        table: 'process_store',
        columns: INSERT_COLUMNS,
        row,
        parameters: writes.map((write) => this.insertParameters(write)),
        returning: 'claim_id, start_lease_until, start_last_attempt_at',
      },
      this.selection(...writes.map(({ record }) => record.correlationId)),
    );
    const byClaim = new Map(inserted.rows.map((each) => [each.claim_id, each]));
    const byId = new Map(inserted.otherwise?.map((each) => [each.correlation_id, recordOf(each, dialect)]));
    const gone: InsertProcess[] = [];
    for (const write of writes) {
      const clock = byClaim.get(write.record.claimId);
      if (clock === undefined) {
        const record = byId.get(write.record.correlationId) ?? null;
        if (record === null) gone.push(write);
        // Our own claim id says that an earlier attempt at this write did commit.
        results.set(write, { written: record?.claimId === write.record.claimId, record });
      } else {
        const startLeaseUntil = timeOf(clock.start_lease_until, dialect);
        const startLastAttemptAt = timeOf(clock.start_last_attempt_at, dialect);
        const startNextAt = startLeaseUntil;
        const record = { ...write.record, startLeaseUntil, startNextAt, startLastAttemptAt };
        results.set(write, { written: true, record });
      }
    }
    // Another instance has removed the row between the two statements, and the id is free.
    if (gone.length > 0 && triesLeft > 1) await this.insert(sql, gone, results, triesLeft - 1);
  }

  private insertParameters({ record, leaseMs }: InsertProcess): SqlValue[] {
    const { time, text } = this.dialect;
    return [
      record.correlationId,
      record.processKey,
      record.processInstanceId,
      record.status,
      text(record.data),
      text(record.error),
      record.errorCode,
      record.version,
      time(record.startedAt),
      time(record.updatedAt),
      record.requestHash,
      record.claimId,
      text(record.variables),
      record.startOwner,
      record.startAttempts,
      record.joined ? 1 : 0,
      record.outcomeStep,
      record.batchId,
      record.traceabilityId,
      record.applicationId,
      leaseMs,
      leaseMs,
      leaseMs === null ? null : 0,
    ];
  }

  private async update(
    sql: SqlExecutor,
    write: UpdateProcess,
    repeated: boolean,
    results: Map<ProcessWrite, ProcessWriteResult>,
  ): Promise<void> {
    const { change, correlationId, claimId, expectedVersion, at } = write;
    const { outcome } = change;
    const { text } = this.dialect;
    const time = (value: Date | undefined): SqlValue =>
      value === undefined ? null : this.dialect.time(value);
    const view =
      outcome === undefined
        ? ''
        : 'status = ?, data = ?, error = ?, error_code = ?, outcome_step = ?, updated_at = ?, version = version + 1, ';
    const due =
      change.cancelRequestedAt === undefined
        ? ''
        : `, start_next_at = COALESCE(start_next_at, ${this.dialect.nowPlusMs})`;
    const resolved = change.startResolved === true ? `, ${START_RESOLVED}` : '';
    const update = this.updateReturningRow(
      `${view}process_instance_id = COALESCE(process_instance_id, ?), ` +
        `cancel_requested_at = COALESCE(cancel_requested_at, ?)${due}${resolved}`,
      // A claim that was refused may have been removed, and the next row of its id begins at the same version.
      'correlation_id = ? AND version = ? AND claim_id = ?',
    );
    const parameters = [
      ...(outcome === undefined
        ? []
        : [
            outcome.status,
            text(outcome.status === 'ok' ? outcome.data : null),
            text(outcome.status === 'error' ? outcome.error : null),
            outcome.status === 'error' ? outcome.errorCode : null,
            change.outcomeStep ?? null,
            time(at),
          ]),
      change.processInstanceId ?? null,
      time(change.cancelRequestedAt),
      ...(change.cancelRequestedAt === undefined ? [] : [CANCEL_DUE_MS]),
      correlationId,
      expectedVersion,
      claimId,
    ];
    const { rows, otherwise } = await sql.queryOr(
      { sql: update, parameters },
      1,
      this.selection(correlationId),
    );
    const row = rows[0] ?? otherwise?.[0];
    const record = row === undefined ? null : recordOf(row, this.dialect);
    const written = rows.length > 0 || (repeated && record !== null && isResultOf(write, record));
    results.set(write, { written, record });
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

/** True where the row is what this update leaves, so that it was this update which won. */
function isResultOf({ change, claimId, expectedVersion, at }: UpdateProcess, record: ProcessRecord): boolean {
  const { outcome } = change;
  return (
    outcome !== undefined &&
    record.claimId === claimId &&
    record.version === expectedVersion + 1 &&
    record.updatedAt.getTime() === at.getTime() &&
    record.status === outcome.status &&
    record.outcomeStep === (change.outcomeStep ?? null) &&
    (outcome.status === 'ok'
      ? record.data === outcome.data
      : record.error === outcome.error && record.errorCode === outcome.errorCode)
  );
}

/**
 * Cuts writes into runs in which all inserts may go first: an insert that follows an update of the same id begins a
 * new run, because what it finds must be the updated row.
 */
function insertsBeforeUpdates(writes: readonly ProcessWrite[]): ProcessWrite[][] {
  let run: ProcessWrite[] = [];
  const runs = [run];
  const updated = new Set<string>();
  for (const write of writes) {
    if (write.type === 'update') {
      updated.add(write.correlationId);
    } else if (updated.has(write.record.correlationId)) {
      run = [];
      runs.push(run);
      updated.clear();
    }
    run.push(write);
  }
  return runs;
}
