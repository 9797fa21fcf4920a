/** What an expression may look up while it runs. */
export interface ExpressionScope {
  /** Whether a name is known; an unknown identifier is an error, a known one may be null. */
  has(name: string): boolean;
  get(name: string): unknown;
}

/** A compiled JUEL expression or template. */
export interface CompiledExpression {
  /** The text as it stood in the `.bpmn`. */
  readonly text: string;
  /** True where the text holds no `${…}` or `#{…}`: evaluating gives `text` itself, its escapes resolved. */
  readonly isLiteral: boolean;
  /** Evaluates; a template with text around its expressions gives a string. @throws ExpressionError */
  evaluate(scope: ExpressionScope): unknown;
}
