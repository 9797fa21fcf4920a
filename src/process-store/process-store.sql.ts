import { placeholders, type SqlDialect, type SqlStatement, type SqlValue } from '../database/index.js';
import { hasOrigin } from './outcome-origin.js';
import type { ProcessRecord } from './process-record.js';
import { COLUMNS } from './process-row.js';

/** Assignments that clear the data of a start once it is resolved. */
export const START_DONE = 'variables = NULL, start_owner = NULL, start_lease_until = NULL';
export const START_RESOLVED = `${START_DONE}, start_next_at = NULL`;

/** The condition of rows whose start has a lease; {@link leaseParameters} are its parameters. */
export const UNDER_LEASE = 'claim_id = ? AND start_owner = ? AND COALESCE(start_fence, 0) = ?';

/** The parameters of {@link UNDER_LEASE}: with the claim, because the next claim of an id begins at the same number. */
export function leaseParameters({
  claimId,
  startOwner,
  startFence,
}: Pick<ProcessRecord, 'claimId' | 'startOwner' | 'startFence'>): readonly SqlValue[] {
  return [claimId, startOwner, startFence ?? 0];
}

/** How long after its request, or after its start was resolved, an unfinished cancel falls due for the reconciler. */
export const CANCEL_DUE_MS = 2_000;

/** The conditions of rows that cancel, expiry and an end in the engine may replace; each has an index of its own. */
export const REPLACEABLE = ["status = 'pending'", hasOrigin('incident')] as const;

/** A SELECT of the rows of ids. */
export function selectByIds(...correlationIds: readonly string[]): SqlStatement {
  return {
    sql: `SELECT ${COLUMNS} FROM process_store WHERE correlation_id IN ${placeholders(correlationIds.length)}`,
    parameters: correlationIds,
  };
}

/** An UPDATE that returns the changed rows. */
export function updateRow(dialect: SqlDialect, set: string, where: string): string {
  return dialect.update({ table: 'process_store', set, where, returning: COLUMNS });
}
