/** A text that is not an expression of the JUEL subset; the message names the place. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError';

  constructor(
    readonly expressionText: string,
    readonly reason: string,
  ) {
    super(`Error while parsing expression: ${excerpt(expressionText)}. Cause: ${reason}`);
  }
}

/** An expression that failed while it ran; Camunda's ProcessEngineException of the same sentence. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';

  constructor(
    readonly expressionText: string,
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`${openingFor(cause)}: ${excerpt(expressionText)}. Cause: ${reason}`, { cause });
  }
}

function openingFor(cause: unknown): string {
  if (cause instanceof UnresolvedNameError) return 'Unknown property used in expression';
  if (cause instanceof UnresolvedMethodError) return 'Unknown method used in expression';
  return 'Error while evaluating expression';
}

/** Inside an evaluation: an identifier or property that is not there, or a method of null. */
export class UnresolvedNameError extends Error {
  override readonly name = 'UnresolvedNameError';
}

/** Inside an evaluation: a method that the class of a value does not have. */
export class UnresolvedMethodError extends Error {
  override readonly name = 'UnresolvedMethodError';
}

/** Inside an evaluation: a method that failed; as JUEL wraps it, the Java exception's class opens the message. */
export class MethodFailure extends Error {
  override readonly name = 'MethodFailure';

  constructor(exceptionClass: string, reason: string) {
    super(`${exceptionClass}: ${reason}`);
  }
}

/** Inside an evaluation: a value that cannot become what an operator needs. */
export class CoercionError extends Error {
  override readonly name = 'CoercionError';
}

/** Longest part of an expression that an error message repeats. */
const EXCERPT_LENGTH = 500;

function excerpt(text: string): string {
  return text.length <= EXCERPT_LENGTH ? text : `${text.slice(0, EXCERPT_LENGTH)}…`;
}
