import { ZodError } from 'zod';
import { EngineCallError, toTypedVariables } from '../../camunda-engine/index.js';
import type { Redactor } from '../../common/redaction/index.js';
import { isOutOfResources, isTemporarilyUnavailable } from '../../common/errors/index.js';
import type { BpmnErrorReport, FailureReport } from '../task/fetched-task.js';
import type { CompleteOutcome } from '../task/task-variables.js';
import {
  BusinessRuleError,
  describeIssues,
  FatalTaskError,
  TaskInputError,
  UnhandledStepError,
} from '../task/task.errors.js';
import { causesOf } from './error-causes.js';
import { taskRetryDelayMs } from './retry-delay.js';

/** What is reported to the engine about an attempt. */
export type TaskOutcome =
  | CompleteOutcome
  | ({ readonly kind: 'bpmnError' } & BpmnErrorReport)
  | ({ readonly kind: 'failure' } & FailureReport)
  /** The service stops: the worker that fetches the task next makes the attempt again. */
  | { readonly kind: 'unlock' };

/** Characters of a message that fit the engine's String column; of a failure the engine shows the first 666. */
const MAX_MESSAGE_LENGTH = 4_000;
const MAX_DETAILS_LENGTH = 16_000;

/**
 * Maps what a handler threw to the outcome of its attempt (the table in docs/reference/error-handling.md).
 *
 * @param retriesLeft attempts that may follow
 * @param attempt from 1
 * @param redactor masks secrets in the texts of a failure; those of a BusinessRuleError are shown as its author wrote them
 * @param random in [0, 1)
 */
export function toErrorOutcome(
  thrown: unknown,
  { attempt, retriesLeft }: { readonly attempt: number; readonly retriesLeft: number },
  redactor: Redactor,
  random = Math.random(),
): TaskOutcome {
  const error = asError(thrown);
  if (error instanceof BusinessRuleError || error instanceof TaskInputError) {
    const errorMessage = error.message.slice(0, MAX_MESSAGE_LENGTH);
    const variables = { errorCode: error.code, errorMessage, errorType: error.name };
    return { kind: 'bpmnError', errorCode: error.code, errorMessage, variables: toTypedVariables(variables) };
  }
  const retries = retriesAfter(error, retriesLeft);
  return {
    kind: 'failure',
    errorMessage: redactor.scrub(messageForClients(error)).slice(0, MAX_MESSAGE_LENGTH),
    errorDetails: redactor.scrub(describeCauses(error)).slice(0, MAX_DETAILS_LENGTH),
    retries,
    retryTimeout: retries === 0 ? 0 : taskRetryDelayMs(error, attempt, random),
  };
}

/** A handler may have called the engine; clients must not see the engine's addresses. */
function messageForClients(error: Error): string {
  return error instanceof EngineCallError
    ? `A call to the process engine failed: ${error.reason.replaceAll(/\bENGINE-\d{5}\s+/g, '')}`
    : error.message;
}

/** An attempt that failed because of this service itself (store unavailable, no file descriptors) uses up no retry: that must not lead to an incident. */
function retriesAfter(error: Error, retriesLeft: number): number {
  if (isTemporarilyUnavailable(error) || isOutOfResources(error)) return retriesLeft + 1;
  if (error instanceof UnhandledStepError && error.uncounted) return retriesLeft + 1;
  return error instanceof FatalTaskError ? 0 : retriesLeft;
}

/** The status that the trail shows for a step that made no outside call (docs/design/data-model.md). */
export function statusOf(thrown: unknown): number {
  if (thrown instanceof TaskInputError) return 422;
  return thrown instanceof BusinessRuleError ? 400 : 500;
}

/** Any thrown value as an error whose message can be shown. */
export function asError(thrown: unknown): Error {
  if (thrown instanceof ZodError) {
    return new Error(`A value that the step read is not valid: ${describeIssues(thrown)}`, { cause: thrown });
  }
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function describeCauses(error: Error): string {
  return causesOf(error)
    .map((cause) => cause.stack ?? cause.message)
    .join('\nCaused by: ');
}
