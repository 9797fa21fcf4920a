import type { z } from 'zod';

/** The process's rules say no: the engine gets a BPMN error, and the process takes its error path. */
export class BusinessRuleError extends Error {
  override readonly name: string = 'BusinessRuleError';
  /** Error code of the BPMN error; `[A-Z][A-Z0-9_]{0,63}`. */
  readonly code: string;

  /**
   * @param details facts for the trail, JSON
   * @param options `code` is `BUSINESS_RULE` where absent
   */
  constructor(
    message: string,
    readonly details?: unknown,
    options: { readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code ?? 'BUSINESS_RULE';
  }
}

/** Worth another try: the engine hands the task out again after a while, until its retries are used up. */
export class RetryableTaskError extends Error {
  override readonly name = 'RetryableTaskError';
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

/** Why the signal of a task aborted: another worker has it or it is gone, or the service stops now. */
export class TaskAbortedError extends Error {
  override readonly name = 'TaskAbortedError';

  constructor(
    readonly reason: 'lock-lost' | 'stopping',
    options?: ErrorOptions,
  ) {
    super(
      reason === 'stopping' ? 'The service stops and waits no longer.' : 'The lock of the task is lost.',
      options,
    );
  }
}
