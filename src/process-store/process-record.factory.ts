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
    version: 1,
    startedAt: now,
    updatedAt: now,
    requestHash: null,
    claimId,
    variables: null,
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

/** What a client sees of an outcome. */
export function viewOf(outcome: Outcome): Pick<ProcessRecord, 'status' | 'data' | 'error' | 'errorCode'> {
  return outcome.status === 'ok'
    ? { status: 'ok', data: outcome.data, error: null, errorCode: null }
    : { status: 'error', data: null, error: outcome.error, errorCode: outcome.errorCode };
}

/** An outcome as the columns take it: NUL characters escaped, the code cut to its column. */
export function cleanOutcome(outcome: Outcome): Outcome {
  if (outcome.status === 'ok') return { status: 'ok', data: columnText(outcome.data) };
  return {
    status: 'error',
    error: columnText(outcome.error),
    errorCode: columnText(outcome.errorCode, 255),
  };
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
