import type { z } from 'zod';

/** The process's rules say no: the engine gets a BPMN error, and the process takes its error path. */
export class BusinessRuleError extends Error {
  override readonly name: string = 'BusinessRuleError';
  /**
   * Error code of the BPMN error, for the events of the model. If nothing catches it, it is the code of the outcome, which
   * is `[A-Z][A-Z0-9_]{0,63}` and none of the service's own: another one is stored as the nearest that is.
   */
  readonly code: string;

  /**
   * @param details facts for the trail, JSON
   * @param options `code` is `BUSINESS_RULE` where absent or empty
   */
  constructor(
    message: string,
    readonly details?: unknown,
    options: { readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const { code = '' } = options;
    // The engine takes no error without a code.
    this.code = code === '' ? 'BUSINESS_RULE' : code;
  }
}

/** Worth another try: the engine hands the task out again after a while, until its retries are used up. */
export class RetryableTaskError extends Error {
  override readonly name = 'RetryableTaskError';
  /** Milliseconds that the next attempt waits at least; null: as long as the runtime thinks fit. */
  readonly retryAfterMs: number | null;

  constructor(message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** No other try will help: the task becomes an incident, which waits for an operator. */
export class FatalTaskError extends Error {
  override readonly name = 'FatalTaskError';
}

/** What is wrong at one place of a value; `path` is `a.0.b`, or `(all)`. */
interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Says what a schema found, `email: Invalid email address; age: …`; Zod's own message is the issues as JSON. */
export function describeIssues(error: z.ZodError): string {
  return toSentence(issuesOf(error));
}

function issuesOf(error: z.ZodError): Issue[] {
  return error.issues.map(({ path, message }) => ({ path: path.map(String).join('.') || '(all)', message }));
}

function toSentence(issues: readonly Issue[]): string {
  return issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
}

/** The task's variables do not fit the topic's input schema: a BPMN error `VALIDATION_ERROR`. */
export class TaskInputError extends Error {
  override readonly name = 'TaskInputError';
  readonly code = 'VALIDATION_ERROR';

  constructor(
    readonly issues: readonly Issue[],
    options?: ErrorOptions,
  ) {
    super(`The input is not valid: ${toSentence(issues)}`, options);
  }

  static of(error: z.ZodError): TaskInputError {
    return new TaskInputError(issuesOf(error), { cause: error });
  }
}

/** Why a task was aborted; the attempt has failed for the last two, and its outcome is reported. */
type AbortReason = 'lock-lost' | 'stopping' | 'time-limit' | 'unhandled-error';

const ABORT_MESSAGES: Readonly<Record<AbortReason, string>> = {
  'lock-lost': 'The lock of the task is lost.',
  stopping: 'The service stops and waits no longer.',
  'time-limit': 'The handler ran longer than it may.',
  'unhandled-error': 'An error that the handler did not handle has failed the attempt.',
};

/** The reason of a task's signal: `lock-lost`: another worker has it or it is gone; `stopping`: the service ends. */
export class TaskAbortedError extends Error {
  override readonly name = 'TaskAbortedError';

  constructor(
    readonly reason: AbortReason,
    options?: ErrorOptions,
  ) {
    super(ABORT_MESSAGES[reason], options);
  }
}

/** A handler ran longer than `maxDurationMs` of its topic: the attempt has failed and is made again. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';

  constructor(topic: string, limitMs: number) {
    super(`The handler of ${topic} did not end within ${limitMs} ms.`);
  }
}

/** The engine refused the outcome of a step whose work is done. */
export class OutcomeRefusedError extends Error {
  override readonly name = 'OutcomeRefusedError';
}

/** An error that the handler's code neither awaited nor caught: the attempt has failed and is made again. */
export class UnhandledStepError extends Error {
  override readonly name = 'UnhandledStepError';

  /** @param uncounted the attempt does not count, because it is not sure that this step caused the error */
  constructor(
    cause: unknown,
    readonly uncounted: boolean,
  ) {
    super(`The step left an error unhandled: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
