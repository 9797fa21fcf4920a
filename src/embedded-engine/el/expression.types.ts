/** The names that an expression can use. */
export interface ExpressionScope {
  /** Whether a name exists. An unknown identifier is an error; a known one may be null. */
  has(name: string): boolean;
  get(name: string): unknown;
}

/** A compiled JUEL expression or template. */
export interface CompiledExpression {
  /** The original text in the `.bpmn` file. */
  readonly text: string;
  /** Whether the text contains no `${…}` or `#{…}`; it then evaluates to `text` itself, with escapes resolved. */
  readonly isLiteral: boolean;
  /** Evaluates the expression; a template with text around its expressions returns a string. @throws ExpressionError */
  evaluate(scope: ExpressionScope): unknown;
}
