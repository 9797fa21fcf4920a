import { ExpressionLexer, LexicalError, type Token } from './expression.lexer.js';
import type { ArithmeticOperator, ComparisonOperator } from './operators.js';

/** The tree of one expression. */
export type ExpressionNode =
  | { readonly kind: 'constant'; readonly value: string | boolean | null }
  | { readonly kind: 'number'; readonly value: number; readonly isDouble: boolean }
  | { readonly kind: 'identifier'; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly ExpressionNode[] }
  | {
      readonly kind: 'member';
      readonly base: ExpressionNode;
      readonly property: ExpressionNode;
      /** `base[property]` rather than `base.property`. */
      readonly isBracket: boolean;
    }
  | {
      readonly kind: 'method';
      readonly base: ExpressionNode;
      readonly property: ExpressionNode;
      readonly args: readonly ExpressionNode[];
    }
  | { readonly kind: 'unary'; readonly operator: '!' | '-' | 'empty'; readonly operand: ExpressionNode }
  | {
      readonly kind: 'logical';
      readonly operator: '&&' | '||';
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly kind: 'comparison';
      readonly operator: ComparisonOperator;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly kind: 'arithmetic';
      readonly operator: ArithmeticOperator;
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    }
  | {
      readonly kind: 'choice';
      readonly condition: ExpressionNode;
      readonly then: ExpressionNode;
      readonly otherwise: ExpressionNode;
    };

/** Left binding powers; the ternary and the members are handled apart. */
const POWER: ReadonlyMap<string, number> = new Map([
  ['?', 1],
  ['||', 2],
  ['&&', 3],
  ['==', 4],
  ['!=', 4],
  ['<', 5],
  ['<=', 5],
  ['>', 5],
  ['>=', 5],
  ['+', 6],
  ['-', 6],
  ['*', 7],
  ['/', 7],
  ['%', 7],
  ['.', 9],
  ['[', 9],
]);
const UNARY_POWER = 8;

/** Parses the expression that begins at `start` and ends with a `}`. @throws LexicalError */
export function parseExpression(
  text: string,
  start: number,
): { readonly node: ExpressionNode; readonly end: number } {
  return new ExpressionParser(new ExpressionLexer(text, start)).whole();
}

/** A Pratt parser over the tokens of one expression. */
class ExpressionParser {
  private token: Token;

  constructor(private readonly lexer: ExpressionLexer) {
    this.token = lexer.next();
  }

  whole(): { readonly node: ExpressionNode; readonly end: number } {
    const node = this.expression(0);
    // The closing brace is not consumed: plain text follows it, not tokens.
    if (!this.at('}')) throw this.unexpected("'}'");
    return { node, end: this.lexer.offset };
  }

  private expression(power: number): ExpressionNode {
    let left = this.prefix();
    for (;;) {
      const operator = this.token.kind === 'symbol' ? this.token.value : '';
      const binding = POWER.get(operator) ?? 0;
      if (binding <= power) return left;
      this.advance();
      left = this.infix(operator, binding, left);
    }
  }

  private prefix(): ExpressionNode {
    const token = this.token;
    switch (token.kind) {
      case 'number':
        this.advance();
        return { kind: 'number', value: token.value, isDouble: token.isDouble };
      case 'string':
        this.advance();
        return { kind: 'constant', value: token.value };
      case 'name':
        this.advance();
        return this.named(token.value);
      case 'symbol':
        return this.prefixSymbol(token.value);
      case 'end':
        throw this.unexpected('an expression');
      default:
        return token satisfies never;
    }
  }

  private prefixSymbol(symbol: string): ExpressionNode {
    if (symbol === '(') {
      this.advance();
      const inner = this.expression(0);
      this.expect(')');
      return inner;
    }
    if (symbol === '!' || symbol === '-' || symbol === 'empty') {
      this.advance();
      return { kind: 'unary', operator: symbol, operand: this.expression(UNARY_POWER) };
    }
    throw this.unexpected('an expression');
  }

  private named(name: string): ExpressionNode {
    if (name === 'true') return { kind: 'constant', value: true };
    if (name === 'false') return { kind: 'constant', value: false };
    if (name === 'null') return { kind: 'constant', value: null };
    return this.at('(') ? { kind: 'call', name, args: this.arguments() } : { kind: 'identifier', name };
  }

  private infix(operator: string, power: number, left: ExpressionNode): ExpressionNode {
    switch (operator) {
      case '?':
        return this.choice(left);
      case '.':
        return this.member(left, { kind: 'constant', value: this.memberName() }, false);
      case '[': {
        const property = this.expression(0);
        this.expect(']');
        return this.member(left, property, true);
      }
      case '||':
      case '&&':
        return { kind: 'logical', operator, left, right: this.expression(power) };
      case '==':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        return { kind: 'comparison', operator, left, right: this.expression(power) };
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
        return { kind: 'arithmetic', operator, left, right: this.expression(power) };
      default:
        throw this.unexpected('an operator');
    }
  }

  private choice(condition: ExpressionNode): ExpressionNode {
    const then = this.expression(0);
    this.expect(':');
    return { kind: 'choice', condition, then, otherwise: this.expression(0) };
  }

  private member(base: ExpressionNode, property: ExpressionNode, isBracket: boolean): ExpressionNode {
    return this.at('(')
      ? { kind: 'method', base, property, args: this.arguments() }
      : { kind: 'member', base, property, isBracket };
  }

  private memberName(): string {
    const token = this.token;
    if (token.kind !== 'name') throw this.unexpected('a name');
    this.advance();
    return token.value;
  }

  private arguments(): readonly ExpressionNode[] {
    this.expect('(');
    const args: ExpressionNode[] = [];
    if (!this.at(')')) {
      args.push(this.expression(0));
      while (this.at(',')) {
        this.advance();
        args.push(this.expression(0));
      }
    }
    this.expect(')');
    return args;
  }

  private at(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.value === symbol;
  }

  private advance(): void {
    this.token = this.lexer.next();
  }

  private expect(symbol: string): void {
    if (!this.at(symbol)) throw this.unexpected(`'${symbol}'`);
    this.advance();
  }

  private unexpected(wanted: string): LexicalError {
    const found = this.token.kind === 'end' ? 'the end of the text' : `'${String(this.token.value)}'`;
    return new LexicalError(`found ${found}, expected ${wanted}`, this.token.at);
  }
}
