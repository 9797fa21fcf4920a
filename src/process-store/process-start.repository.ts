import { Injectable } from '@nestjs/common';
import { DatabaseService, type SqlDialect, type SqlExecutor, type SqlValue } from '../database/index.js';
import type { ProcessRecord } from './process-record.js';
import { recordOf } from './process-row.js';
import {
  CANCEL_DUE_MS,
  leaseParameters,
  REPLACEABLE,
  selectByIds,
  START_DONE,
  UNDER_LEASE,
  updateRow,
} from './process-store.sql.js';
import type { DueStart, StartAttempt, StartLease, StartSchedule } from './process-store.types.js';

const OF_CLAIM = 'correlation_id = ? AND claim_id = ?';

const UNRESOLVED_CLAIM =
  "status = 'pending' AND joined = 0 AND cancel_requested_at IS NULL AND process_instance_id IS NULL";

/** Finds and changes the start of a process in its row: claim, lease, attempts, due time. */
@Injectable()
export class ProcessStartRepository {
  private readonly dialect: SqlDialect;

  constructor(private readonly database: DatabaseService) {
    this.dialect = database.dialect;
  }

  /**
   * Writes the instance id if the row has none. The holder of the lease also clears the variables and the lease; after
   * another one has taken it over, the row stays due, because that one may start an instance as well.
   */
  async noteStarted(sql: SqlExecutor, lease: StartLease, instanceId: string): Promise<ProcessRecord | null> {
    const { correlationId, claimId } = lease;
    const note = 'process_instance_id = COALESCE(process_instance_id, ?)';
    const { rows, otherwise } = await sql.queryOr(
      {
        sql: updateRow(this.dialect, `${note}, ${this.startEnded}`, `correlation_id = ? AND ${UNDER_LEASE}`),
        parameters: [instanceId, CANCEL_DUE_MS, correlationId, ...leaseParameters(lease)],
      },
      1,
      {
        sql: updateRow(this.dialect, note, OF_CLAIM),
        parameters: [instanceId, correlationId, claimId],
      },
    );
    const row = rows[0] ?? otherwise?.[0];
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  /** Marks a claim whose start is not resolved as relied on; returns the row, or null if there is none. */
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

  /** Deletes a claim that no other caller relies on, by the holder of its lease; true if it is deleted. */
  async releaseClaim(sql: SqlExecutor, lease: StartLease, repeated: boolean): Promise<boolean> {
    const { correlationId, claimId } = lease;
    const deleted = await sql.execute(
      `DELETE FROM process_store WHERE correlation_id = ? AND ${UNDER_LEASE} AND ${UNRESOLVED_CLAIM}`,
      [correlationId, ...leaseParameters(lease)],
    );
    if (deleted > 0 || !repeated) return deleted > 0;
    // Another caller may have claimed the id since.
    const { sql: select, parameters } = selectByIds(correlationId);
    return (await sql.query(select, parameters)).every((row) => row.claim_id !== claimId);
  }

  /** Rows that are due because work is left to do in the engine, oldest first. */
  async findDueStarts(limit: number): Promise<readonly DueStart[]> {
    const rows = await this.database.read(
      `SELECT correlation_id, ${this.dialect.bytesIn('variables')} AS bytes FROM process_store ` +
        `WHERE start_next_at <= ${this.dialect.nowPlusMs} ` +
        `ORDER BY started_at, correlation_id${this.dialect.limit}`,
      [0, limit],
    );
    return rows.map((row) => ({ correlationId: row.correlation_id as string, bytes: Number(row.bytes) }));
  }

  /** JSON text of the variables of a start; null if the start is done or no row exists. */
  async findVariables(correlationId: string): Promise<string | null> {
    const [row] = await this.database.read('SELECT variables FROM process_store WHERE correlation_id = ?', [
      correlationId,
    ]);
    return (row?.variables ?? null) as string | null;
  }

  /**
   * How many rows have work left to do in the engine.
   *
   * @param claimedBefore a start in flight whose claim is younger is not counted
   */
  async countUnresolvedStarts(claimedBefore: Date): Promise<number> {
    const [row] = await this.database.read(
      'SELECT COUNT(*) AS unresolved FROM process_store ' +
        // In this order: the owner is stored after the variables, which SQLite would read for every row.
        'WHERE start_next_at IS NOT NULL AND (started_at <= ? OR start_owner IS NULL)',
      [this.dialect.time(claimedBefore)],
    );
    return Number(row?.unresolved ?? 0);
  }

  /**
   * Takes the lease of a row that is due and free; null if another owner was faster.
   *
   * @param repeated an earlier attempt may have committed: an unexpired lease of this owner counts as taken
   */
  async leaseStart(
    sql: SqlExecutor,
    correlationId: string,
    owner: string,
    leaseMs: number,
    repeated: boolean,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    const set =
      'start_owner = ?, start_fence = COALESCE(start_fence, 0) + 1, ' +
      `start_lease_until = ${nowPlusMs}, start_next_at = ${nowPlusMs}`;
    const taken = await this.change(
      sql,
      set,
      `correlation_id = ? AND start_next_at <= ${nowPlusMs} ` +
        `AND (start_lease_until IS NULL OR start_lease_until <= ${nowPlusMs})`,
      [owner, leaseMs, leaseMs, correlationId, 0, 0],
    );
    if (taken !== null || !repeated) return taken;
    return this.change(
      sql,
      set,
      `correlation_id = ? AND start_owner = ? AND start_lease_until > ${nowPlusMs}`,
      [owner, leaseMs, leaseMs, correlationId, owner, 0],
    );
  }

  /**
   * Records an attempt before it is sent, and renews the lease; null if this owner may not start the row.
   *
   * @param repeated an earlier attempt at this write may have committed: a row with exactly one attempt more counts as written
   */
  async beginStartAttempt(
    sql: SqlExecutor,
    { lease, leaseMs, settleMs }: StartAttempt,
    repeated: boolean,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    const times = `start_last_attempt_at = ${nowPlusMs}, start_lease_until = ${nowPlusMs}, start_next_at = ${nowPlusMs}`;
    const mayStart =
      `correlation_id = ? AND ${UNDER_LEASE} AND start_attempts = ? AND status = 'pending' ` +
      'AND cancel_requested_at IS NULL AND process_instance_id IS NULL';
    const parameters = [0, leaseMs, leaseMs, lease.correlationId, ...leaseParameters(lease)];
    const begun = await this.change(
      sql,
      `start_attempts = start_attempts + 1, ${times}`,
      `${mayStart} AND (start_last_attempt_at IS NULL OR start_last_attempt_at <= ${nowPlusMs})`,
      [...parameters, lease.startAttempts, -settleMs],
    );
    if (begun !== null || !repeated) return begun;
    return this.change(sql, times, mayStart, [...parameters, lease.startAttempts + 1]);
  }

  /**
   * Releases a lease and sets when the row is due again; null if the lease is not held any more.
   *
   * @param repeated an earlier attempt at this write may have committed: a row that nobody has leased since counts as released
   */
  async rescheduleStart(
    sql: SqlExecutor,
    { lease, nextInMs, attempt }: StartSchedule,
    repeated: boolean,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    const attempted = {
      none: ', start_last_attempt_at = NULL, start_attempts = CASE WHEN start_attempts > 0 THEN start_attempts - 1 ELSE 0 END',
      'rolled-back': ', start_last_attempt_at = NULL',
      ambiguous: `, start_last_attempt_at = ${nowPlusMs}`,
      unchanged: '',
    }[attempt];
    const released = await this.change(
      sql,
      `start_owner = NULL, start_lease_until = NULL, start_next_at = ${nowPlusMs}${attempted}`,
      `correlation_id = ? AND ${UNDER_LEASE}`,
      [nextInMs, ...(attempt === 'ambiguous' ? [0] : []), lease.correlationId, ...leaseParameters(lease)],
    );
    return released !== null || !repeated ? released : this.rowOfEndedLease(sql, lease);
  }

  /**
   * Ends the resolution of a start, by the holder of its lease: no work is left to do in the engine.
   *
   * @param settleMs minimum time since the last attempt, in ms
   * @param repeated an earlier attempt at this write may have committed: a resolved row that nobody has leased since counts
   * @returns null if the lease is not held any more, or the last attempt is younger
   */
  async resolveStart(
    sql: SqlExecutor,
    lease: StartLease,
    settleMs: number,
    repeated: boolean,
  ): Promise<ProcessRecord | null> {
    const resolved = await this.change(
      sql,
      this.startEnded,
      `correlation_id = ? AND ${UNDER_LEASE} ` +
        `AND (start_last_attempt_at IS NULL OR start_last_attempt_at <= ${this.dialect.nowPlusMs})`,
      [CANCEL_DUE_MS, lease.correlationId, ...leaseParameters(lease), -settleMs],
    );
    return resolved !== null || !repeated ? resolved : this.rowOfEndedLease(sql, lease);
  }

  /**
   * Makes a row due again, resolved or leased, because work was found to be left in the engine. The number of its lease
   * grows, so that a holder that has not seen this work does not resolve the row.
   */
  async reopenStart(
    sql: SqlExecutor,
    correlationId: string,
    nextInMs: number,
  ): Promise<ProcessRecord | null> {
    const { nowPlusMs } = this.dialect;
    return this.change(
      sql,
      `start_next_at = ${nowPlusMs}, start_last_attempt_at = ${nowPlusMs}, start_fence = COALESCE(start_fence, 0) + 1`,
      'correlation_id = ?',
      [nextInMs, 0, correlationId],
    );
  }

  /**
   * Ends every lease. The caller knows that no holder of one is left.
   *
   * @param forgetAttempts also forget their attempts: nothing that they sent can still arrive
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
   * Corrects times after the clock was set back: no row is due and no lease ends later than in `atMostMs`, and no attempt
   * lies in the future.
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

  /** The row of a claim whose lease has ended and was not taken again: it has no owner and the number of this lease. */
  private async rowOfEndedLease(
    sql: SqlExecutor,
    { correlationId, claimId, startFence }: StartLease,
  ): Promise<ProcessRecord | null> {
    const { sql: select, parameters } = selectByIds(correlationId);
    const [row] = await sql.query(select, parameters);
    const record = row === undefined ? null : recordOf(row, this.dialect);
    const isEnded =
      record?.claimId === claimId &&
      record.startOwner === null &&
      (record.startFence ?? 0) === (startFence ?? 0);
    return isEnded ? record : null;
  }

  /** Changes the row that meets a condition, and returns it; null if there is none. */
  private async change(
    sql: SqlExecutor,
    set: string,
    where: string,
    parameters: readonly SqlValue[],
  ): Promise<ProcessRecord | null> {
    const [row] = await sql.query(updateRow(this.dialect, set, where), parameters);
    return row === undefined ? null : recordOf(row, this.dialect);
  }

  /** Assignments for a resolved start whose row may still be open. The parameter is a time in ms. */
  private get startEnded(): string {
    // An unfinished cancel stays due, because the instance that started it may have stopped.
    const isWished = `cancel_requested_at IS NOT NULL AND (${REPLACEABLE.join(' OR ')})`;
    return `${START_DONE}, start_next_at = CASE WHEN ${isWished} THEN ${this.dialect.nowPlusMs} END`;
  }
}
