import type { SqlDialect, SqlRow } from '../database/index.js';
import { originOf } from './outcome-origin.js';
import type { ListedProcess, ProcessIdentity, ProcessRecord, ProcessStatus } from './process-record.js';

/**
 * The columns of a `ProcessIdentity`. All of them stand before `variables`: SQLite reads all of a long text that stands
 * before a column that is asked for.
 */
export const IDENTITY_COLUMNS = 'correlation_id, process_key, process_instance_id, started_at, claim_id';

/** The columns of a `ProcessHead`: none of them is long. */
export const HEAD_COLUMNS =
  'correlation_id, process_key, process_instance_id, status, error_code, version, started_at, updated_at, ' +
  'request_hash, claim_id, start_owner, start_lease_until, start_attempts, start_last_attempt_at, ' +
  'start_next_at, cancel_requested_at, joined, outcome_step, batch_id, traceability_id, application_id, outcome_origin';

/** The columns of a record: all of `process_store` but `variables`. */
export const COLUMNS = `${HEAD_COLUMNS}, error, data`;

/** The columns of a `ShownProcess` but `data`, which a list may leave out, with a sign of whether there is some. */
export const SHOWN_COLUMNS =
  'correlation_id, process_key, status, error, error_code, started_at, updated_at, ' +
  'CASE WHEN data IS NULL THEN 0 ELSE 1 END AS has_data';

/** Makes the item of a list of a row that has the {@link SHOWN_COLUMNS}, and perhaps `data`. */
export function listedOf(row: SqlRow, dialect: SqlDialect): ListedProcess {
  const text = (column: string): string | null => (row[column] ?? null) as string | null;
  return {
    correlationId: row.correlation_id as string,
    processKey: text('process_key'),
    status: row.status as ProcessStatus,
    data: text('data'),
    error: text('error'),
    errorCode: text('error_code'),
    startedAt: dialect.readTime(row.started_at),
    updatedAt: dialect.readTime(row.updated_at),
    hasData: row.has_data === 1,
  };
}

/** Makes a record of a row that has the {@link COLUMNS}; what the row does not have is null. */
export function recordOf(row: SqlRow, dialect: SqlDialect): ProcessRecord {
  const text = (column: string): string | null => (row[column] ?? null) as string | null;
  const time = (column: string): Date | null => timeOf(row[column], dialect);
  return {
    correlationId: row.correlation_id as string,
    processKey: text('process_key'),
    processInstanceId: text('process_instance_id'),
    status: row.status as ProcessStatus,
    data: text('data'),
    error: text('error'),
    errorCode: text('error_code'),
    outcomeOrigin: originOf({
      status: row.status as ProcessStatus,
      errorCode: text('error_code'),
      outcomeStep: text('outcome_step'),
      stored: text('outcome_origin'),
    }),
    version: row.version as number,
    startedAt: dialect.readTime(row.started_at),
    updatedAt: dialect.readTime(row.updated_at),
    requestHash: text('request_hash'),
    claimId: row.claim_id as string,
    startOwner: text('start_owner'),
    startLeaseUntil: time('start_lease_until'),
    startAttempts: row.start_attempts as number,
    startLastAttemptAt: time('start_last_attempt_at'),
    startNextAt: time('start_next_at'),
    cancelRequestedAt: time('cancel_requested_at'),
    joined: row.joined === 1,
    outcomeStep: text('outcome_step'),
    batchId: text('batch_id'),
    traceabilityId: text('traceability_id'),
    applicationId: text('application_id'),
  };
}

/** Makes an identity of a row that has the {@link IDENTITY_COLUMNS}. */
export function identityOf(row: SqlRow, dialect: SqlDialect): ProcessIdentity {
  return {
    correlationId: row.correlation_id as string,
    claimId: row.claim_id as string,
    processKey: (row.process_key ?? null) as string | null,
    processInstanceId: (row.process_instance_id ?? null) as string | null,
    startedAt: dialect.readTime(row.started_at),
  };
}

/** A time of a column that may be null. */
export function timeOf(value: unknown, dialect: SqlDialect): Date | null {
  return value === null || value === undefined ? null : dialect.readTime(value);
}
