import { assignmentsOf, namesOf, omit, pick, rowWriter } from '../common/columns/index.js';
import {
  inBatches,
  placeholders,
  type SqlDialect,
  type SqlExecutor,
  type SqlValue,
} from '../database/index.js';
import { rowOf } from './process-record.factory.js';
import { recordOf } from './process-row.js';
import { PROCESS_STORE_COLUMNS, RECORD_COLUMNS } from './process-store.columns.js';
import {
  CANCEL_DUE_MS,
  leaseParameters,
  selectByIds,
  START_RESOLVED,
  UNDER_LEASE,
  updateRow,
} from './process-store.sql.js';
import {
  inLockOrder,
  type InsertProcess,
  insertsBeforeUpdates,
  isResultOf,
  type ProcessWrite,
  type ProcessWriteResult,
  type UpdateProcess,
} from './process-write.js';

/** The columns that an insert sets by the clock of the database. */
const CLOCK_COLUMNS = pick(PROCESS_STORE_COLUMNS, 'startLeaseUntil', 'startNextAt', 'startLastAttemptAt');
const CLOCK_COUNT = Object.keys(CLOCK_COLUMNS).length;

/** The columns that an insert sets from the record. No process is new and cancelled. */
const GIVEN_COLUMNS = omit(
  RECORD_COLUMNS,
  'startLeaseUntil',
  'startNextAt',
  'startLastAttemptAt',
  'cancelRequestedAt',
);
const writeGiven = rowWriter(GIVEN_COLUMNS);

const { variables: VARIABLES, cancelRequestedAt: CANCEL_REQUESTED_AT } = PROCESS_STORE_COLUMNS;

/** The columns of an insert, in the order of its parameters. */
const INSERT_COLUMNS = { ...GIVEN_COLUMNS, variables: VARIABLES, ...CLOCK_COLUMNS };
const INSERT_NAMES = namesOf(INSERT_COLUMNS);
const INSERT_PARAMETERS = Object.keys(INSERT_COLUMNS).length;

/** The columns that an outcome changes, besides `version`. */
const OUTCOME_COLUMNS = pick(
  PROCESS_STORE_COLUMNS,
  'status',
  'data',
  'error',
  'errorCode',
  'outcomeOrigin',
  'outcomeStep',
  'updatedAt',
);
const writeOutcome = rowWriter(OUTCOME_COLUMNS);
const SET_OUTCOME = `${assignmentsOf(OUTCOME_COLUMNS)}, version = version + 1, `;

/** Tries of an insert that meets an existing row which is gone when it is read. */
const INSERT_TRIES = 3;

/** Writes rows of `process_store`: many new rows in one statement, changes one by one. */
export class ProcessUpsert {
  constructor(private readonly dialect: SqlDialect) {}

  /** @param repeated an earlier attempt may have committed: a row that equals the result of a write counts as written */
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
    const given = placeholders(INSERT_PARAMETERS - CLOCK_COUNT).slice(1, -1);
    const row = `(${given},${Array(CLOCK_COUNT).fill(dialect.nowPlusMs).join(',')})`;
    const inserted = await dialect.insertNew(
      sql,
      {
        table: 'process_store',
        columns: INSERT_NAMES,
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
        // Our own claim id proves that an earlier attempt at this write committed.
        results.set(write, { written: record?.claimId === write.record.claimId, record });
      } else {
        const startLeaseUntil = CLOCK_COLUMNS.startLeaseUntil.read(clock.start_lease_until, dialect);
        const startLastAttemptAt = CLOCK_COLUMNS.startLastAttemptAt.read(
          clock.start_last_attempt_at,
          dialect,
        );
        const startNextAt = startLeaseUntil;
        const record = { ...write.record, startLeaseUntil, startNextAt, startLastAttemptAt };
        results.set(write, { written: true, record });
      }
    }
    // Another instance removed the row between the two statements, and the id is free.
    if (gone.length > 0 && triesLeft > 1) await this.insert(sql, gone, results, triesLeft - 1);
  }

  private insertParameters({ record, variables, leaseMs }: InsertProcess): SqlValue[] {
    const parameters = writeGiven(record, this.dialect);
    parameters.push(
      VARIABLES.write(variables, this.dialect),
      // In the order of the clock columns; the claim counts as the first attempt.
      leaseMs,
      leaseMs,
      leaseMs === null ? null : 0,
    );
    return parameters;
  }

  private async update(
    sql: SqlExecutor,
    write: UpdateProcess,
    repeated: boolean,
    results: Map<ProcessWrite, ProcessWriteResult>,
  ): Promise<void> {
    const { change, correlationId, claimId, expectedVersion, at } = write;
    const { outcome, underLease } = change;
    const view = outcome === undefined ? '' : SET_OUTCOME;
    const due =
      change.cancelRequestedAt === undefined
        ? ''
        : `, start_next_at = COALESCE(start_next_at, ${this.dialect.nowPlusMs})`;
    const resolved = change.startResolved === true ? `, ${START_RESOLVED}` : '';
    const update = updateRow(
      this.dialect,
      `${view}process_instance_id = COALESCE(process_instance_id, ?), ` +
        `cancel_requested_at = COALESCE(cancel_requested_at, ?)${due}${resolved}`,
      // A refused claim may have been removed, and the next row of its id begins at the same version.
      `correlation_id = ? AND version = ? AND claim_id = ?${underLease === undefined ? '' : ` AND ${UNDER_LEASE}`}`,
    );
    const parameters = [
      ...(outcome === undefined
        ? []
        : writeOutcome(
            { outcomeStep: change.outcomeStep ?? null, updatedAt: at, ...rowOf(outcome) },
            this.dialect,
          )),
      change.processInstanceId ?? null,
      CANCEL_REQUESTED_AT.write(change.cancelRequestedAt ?? null, this.dialect),
      ...(change.cancelRequestedAt === undefined ? [] : [CANCEL_DUE_MS]),
      correlationId,
      expectedVersion,
      claimId,
      ...(underLease === undefined ? [] : leaseParameters(underLease)),
    ];
    const { rows, otherwise } = await sql.queryOr({ sql: update, parameters }, 1, selectByIds(correlationId));
    const row = rows[0] ?? otherwise?.[0];
    const record = row === undefined ? null : recordOf(row, this.dialect);
    const written = rows.length > 0 || (repeated && record !== null && isResultOf(write, record));
    results.set(write, { written, record });
  }
}
