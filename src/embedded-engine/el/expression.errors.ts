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
    const opening =
      cause instanceof UnresolvedNameError
        ? 'Unknown property used in expression'
        : 'Error while evaluating expression';
    super(
      `${opening}: ${excerpt(expressionText)}. Cause: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

/** Inside an evaluation: an identifier, property or method that is not there. */
export class UnresolvedNameError extends Error {
  override readonly name = 'UnresolvedNameError';
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
