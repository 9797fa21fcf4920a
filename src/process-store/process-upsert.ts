import {
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlValue,
} from '../database/index.js';
import { recordOf, timeOf } from './process-row.js';
import { CANCEL_DUE_MS, selectByIds, START_RESOLVED, updateRow } from './process-store.sql.js';
import {
  inLockOrder,
  type InsertProcess,
  insertsBeforeUpdates,
  isResultOf,
  type ProcessWrite,
  type ProcessWriteResult,
  type UpdateProcess,
} from './process-write.js';

/** Parameters of an inserted row, and its columns in their order. */
const INSERT_COLUMNS =
  'correlation_id, process_key, process_instance_id, status, data, error, error_code, version, started_at, ' +
  'updated_at, request_hash, claim_id, variables, start_owner, start_attempts, joined, outcome_step, batch_id, ' +
  'traceability_id, application_id, outcome_origin, start_lease_until, start_next_at, start_last_attempt_at';
const INSERT_PARAMETERS = 24;

/** How often an insert is made that finds a row in its way, and then none: each time another has come and gone. */
const INSERT_TRIES = 3;

/** Writes rows of `process_store`: new ones many at a time, changes one by one, each only where it may. */
export class ProcessUpsert {
  constructor(private readonly dialect: SqlDialect) {}

  /** @param repeated an earlier attempt may have committed: a row as this write would leave it counts as written */
  async write(
    sql: SqlExecutor,
    writes: readonly ProcessWrite[],
    repeated: boolean,
  ): Promise<readonly ProcessWriteResult[]> {
    const results = new Map<ProcessWrite, ProcessWriteResult>();
    const steps: (() => Promise<void>)[] = [];
    for (const run of insertsBeforeUpdates(this.dialect.exclusive ? writes : inLockOrder(writes))) {
      const inserts = run.filter((write) => write.type === 'insert');
      for (const batch of inBatches(inserts, INSERT_PARAMETERS, this.dialect.maxParameters)) {
        steps.push(() => this.insert(sql, batch, results));
      }
      for (const write of run) {
        if (write.type === 'update') steps.push(() => this.update(sql, write, repeated, results));
      }
    }
    if (sql.together) await Promise.all(steps.map((step) => step()));
    // An insert may take several statements, and no update of the same id may come between them.
    else for (const step of steps) await step();
    return writes.map((write) => results.get(write) ?? { written: false, record: null });
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
      selectByIds(...writes.map(({ record }) => record.correlationId)),
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

  private insertParameters({ record, variables, leaseMs }: InsertProcess): SqlValue[] {
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
      text(variables),
      record.startOwner,
      record.startAttempts,
      record.joined ? 1 : 0,
      record.outcomeStep,
      record.batchId,
      record.traceabilityId,
      record.applicationId,
      record.outcomeOrigin,
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
        : 'status = ?, data = ?, error = ?, error_code = ?, outcome_origin = ?, outcome_step = ?, updated_at = ?, version = version + 1, ';
    const due =
      change.cancelRequestedAt === undefined
        ? ''
        : `, start_next_at = COALESCE(start_next_at, ${this.dialect.nowPlusMs})`;
    const resolved = change.startResolved === true ? `, ${START_RESOLVED}` : '';
    const update = updateRow(
      this.dialect,
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
            outcome.origin,
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
    const { rows, otherwise } = await sql.queryOr({ sql: update, parameters }, 1, selectByIds(correlationId));
    const row = rows[0] ?? otherwise?.[0];
    const record = row === undefined ? null : recordOf(row, this.dialect);
    const written = rows.length > 0 || (repeated && record !== null && isResultOf(write, record));
    results.set(write, { written, record });
  }
}
