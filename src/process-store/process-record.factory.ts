import { canonicalJson } from '../common/json/index.js';
import { columnText } from '../database/index.js';
import type { Outcome, ProcessChange, ProcessRecord } from './process-record.js';

/** A new pending row without anything else. */
export function emptyRecord(correlationId: string, claimId: string): ProcessRecord {
  const now = new Date();
  return {
    correlationId,
    processKey: null,
    processInstanceId: null,
    status: 'pending',
    data: null,
    error: null,
    errorCode: null,
    outcomeOrigin: null,
    version: 1,
    startedAt: now,
    updatedAt: now,
    requestHash: null,
    claimId,
    startOwner: null,
    startLeaseUntil: null,
    startAttempts: 0,
    startLastAttemptAt: null,
    startNextAt: null,
    cancelRequestedAt: null,
    joined: false,
    outcomeStep: null,
    batchId: null,
    traceabilityId: null,
    applicationId: null,
  };
}

/** What a row holds of an outcome, but for its step. */
export function rowOf(
  outcome: Outcome,
): Pick<ProcessRecord, 'status' | 'data' | 'error' | 'errorCode' | 'outcomeOrigin'> {
  const { status, origin: outcomeOrigin } = outcome;
  return status === 'ok'
    ? { status, data: outcome.data, error: null, errorCode: null, outcomeOrigin }
    : { status, data: null, error: outcome.error, errorCode: outcome.errorCode, outcomeOrigin };
}

/** An outcome as the columns take it: NUL characters escaped, the code cut to its column. */
export function cleanOutcome(outcome: Outcome): Outcome {
  if (outcome.status === 'ok') return { ...outcome, data: columnText(outcome.data) };
  return {
    ...outcome,
    error: columnText(outcome.error),
    errorCode: columnText(outcome.errorCode, 255),
  };
}

/**
 * Whether an outcome is the one that a row holds: equal status and, of an error, message and code; of a result, equal
 * JSON in any order of members. It is compared as the columns take it.
 */
export function isSameOutcome(record: ProcessRecord, given: Outcome): boolean {
  const outcome = cleanOutcome(given);
  if (record.status !== outcome.status) return false;
  if (outcome.status === 'error')
    return record.error === outcome.error && record.errorCode === outcome.errorCode;
  return record.data === outcome.data || sameJson(record.data, outcome.data);
}

/** A handler's result may hold what has no canonical form; its text then says whether it is the same. */
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

/** A change as the columns take it. */
export function cleanChange(change: ProcessChange): ProcessChange {
  const { outcome, outcomeStep } = change;
  return {
    ...change,
    ...(outcome === undefined ? {} : { outcome: cleanOutcome(outcome) }),
    ...(outcomeStep === undefined ? {} : { outcomeStep: columnText(outcomeStep, 255) }),
  };
}
