import { SERVICE_CODES } from '../common/error-codes/index.js';

export type ProcessStatus = 'pending' | 'ok' | 'error';

/**
 * What set the outcome of a process: the values of the column `outcome_origin`. The service decides by it, and never by the
 * error code alone, which a user may choose.
 *
 * `step`: a handler reported it. `http`: a client did. `bpmn-error`: a BPMN error that nothing caught. `incident`: a step
 * without retries, or an incident in the engine. `no-result`: the instance ended and nobody reported an outcome. `cancel`:
 * a client cancelled it, or its instance was deleted in the engine. `expiry`: it was out of time. `start-rejected`: the
 * engine refused the start. `engine`: the instance ended well, and its result was read from the engine's history.
 * `result-too-large`: that result was too large to be kept.
 */
export type OutcomeOrigin = 'step' | 'http' | 'bpmn-error' | 'engine' | ServiceOrigin;

/** Origins that are the service itself. */
export type ServiceOrigin = keyof typeof SERVICE_CODES;

/**
 * A status as this version knows it. One that only a newer version knows counts as pending: the client keeps polling until
 * an instance of that version answers, and never takes an intermediate state for the end.
 */
export function knownStatus(stored: string): ProcessStatus {
  return stored === 'ok' || stored === 'error' ? stored : 'pending';
}

/** Origins of an error that a later completion may still replace. */
const OPEN_ORIGINS = ['incident', 'no-result'] as const satisfies readonly ServiceOrigin[];

/** The part of a row that tells its state. */
interface Ended {
  readonly status: ProcessStatus;
  readonly outcomeOrigin: OutcomeOrigin | null;
}

/** The columns that the origin is read from, as they are in the row. */
export interface StoredOutcome extends Ended {
  readonly errorCode: string | null;
  readonly outcomeStep: string | null;
}

/** True if a completion may still replace the state: pending, an incident, or ended without a result. */
export function isOpen({ status, outcomeOrigin }: Ended): boolean {
  return status === 'pending' || OPEN_ORIGINS.some((origin) => origin === outcomeOrigin);
}

/** True if the outcome is final. */
export function isFinal(record: Ended): boolean {
  return !isOpen(record);
}

/** True if cancel, expiry and an end in the engine may replace the state: pending, or an incident. */
export function isReplaceable({ status, outcomeOrigin }: Ended): boolean {
  return status === 'pending' || outcomeOrigin === 'incident';
}

/** True if the service itself set the outcome. */
export function isOfService(origin: OutcomeOrigin | null): origin is ServiceOrigin {
  return origin !== null && origin in SERVICE_CODES;
}

/**
 * The origin of the outcome of a row. A version of the service before schema version 5 writes no origin and leaves the old
 * one, so an origin that is absent, or that does not fit the outcome, is derived by the rule of migration 0006.
 */
export function originOf({
  status,
  errorCode,
  outcomeStep,
  outcomeOrigin,
}: StoredOutcome): OutcomeOrigin | null {
  if (status === 'pending') return null;
  if (outcomeOrigin !== null && (!isOfService(outcomeOrigin) || errorCode === SERVICE_CODES[outcomeOrigin]))
    return outcomeOrigin;
  const reporter = outcomeStep === null ? 'http' : 'step';
  const byCode = (Object.keys(SERVICE_CODES) as ServiceOrigin[]).find(
    (origin) => SERVICE_CODES[origin] === errorCode,
  );
  // Of the service's own outcomes only an incident names a step.
  return byCode !== undefined && (outcomeStep === null || byCode === 'incident') ? byCode : reporter;
}

/** The condition of rows with an origin of the service; the error code comes first, because it has an index. */
export function hasOrigin(...origins: readonly ServiceOrigin[]): string {
  // With = for a single code, so that SQLite uses the partial index.
  const [first, ...others] = origins.map((origin) => `'${SERVICE_CODES[origin]}'`);
  const code = others.length === 0 ? `= ${first}` : `IN (${[first, ...others].join(',')})`;
  return `error_code ${code} AND (outcome_origin IS NULL OR outcome_origin IN (${listOf(origins)}))`;
}

/** The condition of rows that a completion may still replace, except pending ones. */
export const IS_OPEN_ERROR = hasOrigin(...OPEN_ORIGINS);

/** The condition of final rows among those that are not pending. */
export const IS_NOT_OPEN_ERROR =
  `(error_code IS NULL OR error_code NOT IN (${OPEN_ORIGINS.map((origin) => `'${SERVICE_CODES[origin]}'`).join(',')}) ` +
  `OR outcome_origin NOT IN (${listOf(OPEN_ORIGINS)}))`;

function listOf(origins: readonly ServiceOrigin[]): string {
  return origins.map((origin) => `'${origin}'`).join(',');
}
