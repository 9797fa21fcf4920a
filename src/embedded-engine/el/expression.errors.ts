/** A text that is not in the JUEL subset; the message names the position. */
export class ExpressionSyntaxError extends Error {
  override readonly name = 'ExpressionSyntaxError';

  constructor(
    readonly expressionText: string,
    readonly reason: string,
  ) {
    super(`Error while parsing expression: ${excerpt(expressionText)}. Cause: ${reason}`);
  }
}

/** An expression whose evaluation failed; corresponds to Camunda's ProcessEngineException with the same message. */
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

/** Internal to an evaluation: an unknown identifier or property, or a method call on null. */
export class UnresolvedNameError extends Error {
  override readonly name = 'UnresolvedNameError';
}

/** Internal to an evaluation: an unknown method of a value's class. */
export class UnresolvedMethodError extends Error {
  override readonly name = 'UnresolvedMethodError';
}

/** Internal to an evaluation: a failed method. As in JUEL, the message begins with the Java exception's class. */
export class MethodFailure extends Error {
  override readonly name = 'MethodFailure';

  constructor(exceptionClass: string, reason: string) {
    super(`${exceptionClass}: ${reason}`);
  }
}

/** Internal to an evaluation: a value that cannot be converted to an operand's type. */
export class CoercionError extends Error {
  override readonly name = 'CoercionError';
}

/** Maximum length of the excerpt of an expression in an error message. */
const EXCERPT_LENGTH = 500;

function excerpt(text: string): string {
  return text.length <= EXCERPT_LENGTH ? text : `${text.slice(0, EXCERPT_LENGTH)}…`;
}
