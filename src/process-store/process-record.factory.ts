import { canonicalJson } from '../common/json/index.js';
import { fit, nullsOf } from '../common/columns/index.js';
import type { Outcome, ProcessChange, ProcessRecord } from './process-record.js';
import { PROCESS_STORE_COLUMNS, RECORD_COLUMNS } from './process-store.columns.js';

const { data: DATA, error: ERROR, errorCode: ERROR_CODE, outcomeStep: OUTCOME_STEP } = PROCESS_STORE_COLUMNS;

const NULLS = nullsOf(RECORD_COLUMNS);

/** A new pending row; all other values are empty. @param now by the clock of the database */
export function emptyRecord(correlationId: string, claimId: string, now = new Date()): ProcessRecord {
  return {
    correlationId,
    claimId,
    status: 'pending',
    version: 1,
    startedAt: now,
    updatedAt: now,
    startAttempts: 0,
    joined: false,
    ...NULLS,
  };
}

/** The values of a row that an outcome sets, except the step. */
export function rowOf(
  outcome: Outcome,
): Pick<ProcessRecord, 'status' | 'data' | 'error' | 'errorCode' | 'outcomeOrigin'> {
  const { status, origin: outcomeOrigin } = outcome;
  return status === 'ok'
    ? { status, data: outcome.data, error: null, errorCode: null, outcomeOrigin }
    : { status, data: null, error: outcome.error, errorCode: outcome.errorCode, outcomeOrigin };
}

/** An outcome as the columns store it: NUL characters escaped, the code cut to its column. */
export function cleanOutcome(outcome: Outcome): Outcome {
  if (outcome.status === 'ok') return { ...outcome, data: fit(DATA, outcome.data) };
  return {
    ...outcome,
    error: fit(ERROR, outcome.error),
    errorCode: fit(ERROR_CODE, outcome.errorCode),
  };
}

/**
 * Whether an outcome equals the one of a row: same status, and same message and code of an error, or equal JSON of a
 * result in any order of members. It is compared as the columns store it.
 */
export function isSameOutcome(record: ProcessRecord, given: Outcome): boolean {
  const outcome = cleanOutcome(given);
  if (record.status !== outcome.status) return false;
  if (outcome.status === 'error')
    return record.error === outcome.error && record.errorCode === outcome.errorCode;
  return record.data === outcome.data || sameJson(record.data, outcome.data);
}

/** A result may contain values without a canonical form; then only equal texts are the same. */
function sameJson(a: string | null, b: string | null): boolean {
  try {
    return canonicalJson(parsed(a)) === canonicalJson(parsed(b));
  } catch {
    return false;
  }
}

function parsed(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}

/** A change as the columns store it. */
export function cleanChange(change: ProcessChange): ProcessChange {
  const { outcome, outcomeStep } = change;
  return {
    ...change,
    ...(outcome === undefined ? {} : { outcome: cleanOutcome(outcome) }),
    ...(outcomeStep === undefined ? {} : { outcomeStep: fit(OUTCOME_STEP, outcomeStep) }),
  };
}
