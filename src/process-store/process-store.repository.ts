import { Injectable } from '@nestjs/common';
import {
  DatabaseService,
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
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

/** A change that is made only where the row still has the version. */
export interface UpdateProcess {
  readonly type: 'update';
  readonly correlationId: string;
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

/** Parameters of an inserted row, and its columns in their order. */
const INSERT_COLUMNS =
  'correlation_id, process_key, process_instance_id, status, data, error, error_code, version, started_at, ' +
  'updated_at, request_hash, claim_id, variables, start_owner, start_attempts, joined, outcome_step, batch_id, ' +
  'traceability_id, application_id, start_lease_until, start_next_at, start_last_attempt_at';
const INSERT_PARAMETERS = 23;

const UNRESOLVED_CLAIM =
  "status = 'pending' AND joined = 0 AND cancel_requested_at IS NULL AND process_instance_id IS NULL";

/** The statements of `process_store`; the only place that has them. Writes run inside the write queue. */
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
    for (const run of insertsBeforeUpdates(writes)) {
      const inserts = run.filter((write) => write.type === 'insert');
      for (const batch of inBatches(inserts, INSERT_PARAMETERS, this.dialect.maxParameters)) {
        await this.insert(sql, batch, results);
      }
      for (const write of run) {
        if (write.type === 'update') results.set(write, await this.update(sql, write, repeated));
      }
    }
    return writes.map((write) => results.get(write) ?? { written: false, record: null });
  }

  /** Writes the instance id where it is null, and ends the start: its variables and its lease are not needed more. */
  async noteStarted(
    sql: SqlExecutor,
    correlationId: string,
    instanceId: string,
  ): Promise<ProcessRecord | null> {
    const [row] = await sql.query(
      'UPDATE process_store SET process_instance_id = COALESCE(process_instance_id, ?), variables = NULL, ' +
        'start_owner = NULL, start_lease_until = NULL, start_next_at = NULL ' +
        `WHERE correlation_id = ?${this.dialect.returning(COLUMNS)}`,
      [instanceId, correlationId],
    );
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  /** Marks a claim whose start is not resolved as relied on; returns the row, or null where it is gone. */
  async markJoined(sql: SqlExecutor, correlationId: string): Promise<ProcessRecord | null> {
    const [row] = await sql.query(
      'UPDATE process_store SET joined = 1 WHERE correlation_id = ? AND process_instance_id IS NULL' +
        this.dialect.returning(COLUMNS),
      [correlationId],
    );
    return row === undefined ? this.select(sql, correlationId) : recordOf(row, this.dialect);
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
    return deleted > 0 || (repeated && (await this.select(sql, correlationId)) === null);
  }

  /** Ends every pending row as `ENDED_WITHOUT_RESULT`; returns how many. */
  endPending(sql: SqlExecutor, error: string, at: Date): Promise<number> {
    return sql.execute(
      "UPDATE process_store SET status = 'error', error = ?, error_code = 'ENDED_WITHOUT_RESULT', " +
        "updated_at = ?, version = version + 1 WHERE status = 'pending'",
      [error, this.dialect.time(at)],
    );
  }

  private async select(sql: SqlExecutor, correlationId: string): Promise<ProcessRecord | null> {
    const [row] = await sql.query(`SELECT ${COLUMNS} FROM process_store WHERE correlation_id = ?`, [
      correlationId,
    ]);
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  private async insert(
    sql: SqlExecutor,
    writes: readonly InsertProcess[],
    results: Map<ProcessWrite, ProcessWriteResult>,
  ): Promise<void> {
    const { dialect } = this;
    const row = `(${placeholders(INSERT_PARAMETERS - 3).slice(1, -1)},${Array(3).fill(dialect.nowPlusMs).join(',')})`;
    const inserted = await sql.query(
      `INSERT INTO process_store (${INSERT_COLUMNS}) VALUES ${writes.map(() => row).join(',')}` +
        dialect.ignoreConflictsReturning('claim_id, start_lease_until, start_last_attempt_at'),
      writes.flatMap((write) => this.insertParameters(write)),
    );
    const byClaim = new Map(inserted.map((each) => [each.claim_id, each]));
    for (const write of writes) {
      const clock = byClaim.get(write.record.claimId);
      if (clock === undefined) {
        const record = await this.select(sql, write.record.correlationId);
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
  }

  private insertParameters({ record, leaseMs }: InsertProcess): SqlValue[] {
    const { time } = this.dialect;
    return [
      record.correlationId,
      record.processKey,
      record.processInstanceId,
      record.status,
      record.data,
      record.error,
      record.errorCode,
      record.version,
      time(record.startedAt),
      time(record.updatedAt),
      record.requestHash,
      record.claimId,
      record.variables,
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
  ): Promise<ProcessWriteResult> {
    const { change, correlationId, expectedVersion, at } = write;
    const { outcome } = change;
    const time = (value: Date | undefined): SqlValue =>
      value === undefined ? null : this.dialect.time(value);
    const view =
      outcome === undefined
        ? ''
        : 'status = ?, data = ?, error = ?, error_code = ?, outcome_step = ?, updated_at = ?, version = version + 1, ';
    const [row] = await sql.query(
      `UPDATE process_store SET ${view}process_instance_id = COALESCE(process_instance_id, ?), ` +
        'cancel_requested_at = COALESCE(cancel_requested_at, ?) WHERE correlation_id = ? AND version = ?' +
        this.dialect.returning(COLUMNS),
      [
        ...(outcome === undefined
          ? []
          : [
              outcome.status,
              outcome.status === 'ok' ? outcome.data : null,
              outcome.status === 'error' ? outcome.error : null,
              outcome.status === 'error' ? outcome.errorCode : null,
              change.outcomeStep ?? null,
              time(at),
            ]),
        change.processInstanceId ?? null,
        time(change.cancelRequestedAt),
        correlationId,
        expectedVersion,
      ],
    );
    if (row !== undefined) return { written: true, record: recordOf(row, this.dialect) };
    const record = await this.select(sql, correlationId);
    return { written: repeated && record !== null && isResultOf(write, record), record };
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
function isResultOf({ change, expectedVersion, at }: UpdateProcess, record: ProcessRecord): boolean {
  const { outcome } = change;
  return (
    outcome !== undefined &&
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
