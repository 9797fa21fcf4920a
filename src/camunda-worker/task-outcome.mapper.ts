import { ZodError } from 'zod';
import { EngineCallError, toTypedVariables } from '../camunda-engine/index.js';
import { scrubUrls } from '../common/urls/index.js';
import { isOutOfResources, isTemporarilyUnavailable } from '../common/errors/index.js';
import type { BpmnErrorReport, FailureReport } from './fetched-task.js';
import type { CompleteOutcome } from './task-variables.js';
import {
  BusinessRuleError,
  describeIssues,
  FatalTaskError,
  TaskInputError,
  UnhandledStepError,
} from './task.errors.js';

/** What the engine is told about an attempt. */
export type TaskOutcome =
  | CompleteOutcome
  | ({ readonly kind: 'bpmnError' } & BpmnErrorReport)
  | ({ readonly kind: 'failure' } & FailureReport)
  /** The service stops: whoever fetches the task next makes the attempt anew. */
  | { readonly kind: 'unlock' };

/** Delay before the second attempt, doubled for each further one. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/** Longest wait that a partner may ask for with `Retry-After`. */
const LONGEST_ASKED_MS = 3_600_000;

/** Retries of many tasks that failed together are spread by a fifth to either side. */
const RETRY_SPREAD = 0.2;

/** Characters of a message: the engine's String column; it cuts what it shows of a failure to 666 itself. */
const MAX_MESSAGE_LENGTH = 4_000;
const MAX_DETAILS_LENGTH = 16_000;

/**
 * Maps what a handler threw to the engine call that says it (the table of docs/design, "The worker runtime").
 *
 * @param retriesLeft attempts that may follow
 * @param attempt from 1
 * @param random in [0, 1)
 */
export function toErrorOutcome(
  thrown: unknown,
  { attempt, retriesLeft }: { readonly attempt: number; readonly retriesLeft: number },
  random = Math.random(),
): TaskOutcome {
  const error = asError(thrown);
  if (error instanceof BusinessRuleError || error instanceof TaskInputError) {
    const errorMessage = error.message.slice(0, MAX_MESSAGE_LENGTH);
    const variables = { errorCode: error.code, errorMessage, errorType: error.name };
    return { kind: 'bpmnError', errorCode: error.code, errorMessage, variables: toTypedVariables(variables) };
  }
  const retries = retriesAfter(error, retriesLeft);
  const ownMs = retryDelayMs(attempt) * (1 - RETRY_SPREAD + 2 * RETRY_SPREAD * random);
  // Never earlier than asked for, and not all at the same time.
  const askedMs = askedDelayMs(error) * (1 + RETRY_SPREAD * random);
  return {
    kind: 'failure',
    errorMessage: scrubUrls(messageForClients(error)).slice(0, MAX_MESSAGE_LENGTH),
    errorDetails: scrubUrls(describeCauses(error)).slice(0, MAX_DETAILS_LENGTH),
    retries,
    retryTimeout: retries === 0 ? 0 : Math.round(Math.max(ownMs, askedMs)),
  };
}

/** A handler may have asked the engine, whose addresses are nobody's business. */
function messageForClients(error: Error): string {
  return error instanceof EngineCallError
    ? `A call to the process engine failed: ${error.reason.replaceAll(/\bENGINE-\d{5}\s+/g, '')}`
    : error.message;
}

/** The longest delay between a failed attempt and the next one, in ms. */
export function longestRetryDelayMs(attempt: number): number {
  return retryDelayMs(attempt) * (1 + RETRY_SPREAD);
}

function retryDelayMs(attempt: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 30));
}

/** An attempt that our own trouble has spoiled (store away, no descriptors) does not count: it must not make an incident. */
function retriesAfter(error: Error, retriesLeft: number): number {
  if (isTemporarilyUnavailable(error) || isOutOfResources(error)) return retriesLeft + 1;
  if (error instanceof UnhandledStepError && error.uncounted) return retriesLeft + 1;
  return error instanceof FatalTaskError ? 0 : retriesLeft;
}

/** The status that the trail shows for a step that called nothing outside (docs/design/data-model.md). */
export function statusOf(thrown: unknown): number {
  if (thrown instanceof TaskInputError) return 422;
  return thrown instanceof BusinessRuleError ? 400 : 500;
}

/** Anything that was thrown, as an error whose message can be shown. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof ZodError) {
    return new Error(`A value that the step read is not valid: ${describeIssues(thrown)}`, { cause: thrown });
  }
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The longest wait that the error, or what caused it, asks for, in ms; 0 if it asks for none. */
function askedDelayMs(error: Error): number {
  const asked = causesOf(error).map((cause) => {
    const { retryAfterMs } = cause as { readonly retryAfterMs?: unknown };
    return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? retryAfterMs : 0;
  });
  return Math.min(Math.max(...asked), LONGEST_ASKED_MS);
}

function describeCauses(error: Error): string {
  return causesOf(error)
    .map((cause) => cause.stack ?? cause.message)
    .join('\nCaused by: ');
}

/** The error itself, what caused it, and so on. */
function causesOf(error: Error): readonly Error[] {
  const seen = new Set<Error>();
  for (let cause: unknown = error; cause instanceof Error && !seen.has(cause); cause = cause.cause)
    seen.add(cause);
  return [...seen];
}
