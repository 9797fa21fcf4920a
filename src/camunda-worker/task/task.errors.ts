import type { z } from 'zod';

/** A business rule is violated: a BPMN error is thrown in the process, which takes its error path. */
export class BusinessRuleError extends Error {
  override readonly name: string = 'BusinessRuleError';
  /**
   * Error code of the BPMN error, for the error events of the model. If no event catches it, it becomes the code of the
   * process's outcome. Such a code is `[A-Z][A-Z0-9_]{0,63}` and none of the service's own; any other is converted to one.
   */
  readonly code: string;

  /**
   * @param details facts for the trail, as JSON
   * @param options `code` is `BUSINESS_RULE` if absent or empty
   */
  constructor(
    message: string,
    readonly details?: unknown,
    options: { readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    const { code = '' } = options;
    // The engine refuses a BPMN error without a code.
    this.code = code === '' ? 'BUSINESS_RULE' : code;
  }
}

/** A retry may help: the engine delivers the task again after a delay, until its retries are used up. */
export class RetryableTaskError extends Error {
  override readonly name = 'RetryableTaskError';
  /** Least milliseconds until the next attempt; null: the runtime decides. */
  readonly retryAfterMs: number | null;

  constructor(message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number } = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** No retry will help: the task becomes an incident, which an operator has to resolve. */
export class FatalTaskError extends Error {
  override readonly name = 'FatalTaskError';
}

/** A fault of a value; `path` is for example `a.0.b`, or `(all)`. */
interface Issue {
  readonly path: string;
  readonly message: string;
}

/** Describes what a schema found, `email: Invalid email address; age: …`; Zod's own message is the issues as JSON. */
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

/** Why a task was aborted. With the last two the attempt has failed, and its outcome is still reported. */
type AbortReason = 'lock-lost' | 'stopping' | 'time-limit' | 'unhandled-error';

const ABORT_MESSAGES: Readonly<Record<AbortReason, string>> = {
  'lock-lost': 'The lock of the task is lost.',
  stopping: 'The service stops and waits no longer.',
  'time-limit': 'The handler exceeded its time limit.',
  'unhandled-error': 'The attempt has failed because the handler left an error unhandled.',
};

/** The abort reason of a task's signal. `lock-lost`: another worker has the task, or it no longer exists. */
export class TaskAbortedError extends Error {
  override readonly name = 'TaskAbortedError';

  constructor(
    readonly reason: AbortReason,
    options?: ErrorOptions,
  ) {
    super(ABORT_MESSAGES[reason], options);
  }
}

/** A handler exceeded the `maxDurationMs` of its topic: the attempt has failed and is retried. */
export class HandlerTimeoutError extends Error {
  override readonly name = 'HandlerTimeoutError';

  constructor(topic: string, limitMs: number) {
    super(`The handler of ${topic} did not end within ${limitMs} ms.`);
  }
}

/** The engine refused the outcome of a step that has done its work. */
export class OutcomeRefusedError extends Error {
  override readonly name = 'OutcomeRefusedError';
}

/** An error that the handler's code neither awaited nor caught: the attempt has failed and is retried. */
export class UnhandledStepError extends Error {
  override readonly name = 'UnhandledStepError';

  /** @param uncounted true if the attempt uses up no retry, because another step may have caused the error */
  constructor(
    cause: unknown,
    readonly uncounted: boolean,
  ) {
    super(`The step left an error unhandled: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
