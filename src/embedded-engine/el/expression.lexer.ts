/** A token; `at` is its offset in the whole text, from 0. */
export type Token =
  | { readonly kind: 'number'; readonly at: number; readonly value: number; readonly isDouble: boolean }
  | { readonly kind: 'string'; readonly at: number; readonly value: string }
  | { readonly kind: 'name'; readonly at: number; readonly value: string }
  | { readonly kind: 'symbol'; readonly at: number; readonly value: string }
  | { readonly kind: 'end'; readonly at: number };

/** Largest value of Java's Long. */
const MAX_LONG = 2n ** 63n - 1n;

/** A lexical error with its position. */
export class LexicalError extends Error {
  override readonly name = 'LexicalError';

  constructor(
    message: string,
    readonly at: number,
  ) {
    super(`syntax error at position ${at}, ${message}`);
  }
}

/** Maximum number of tokens of one text. It bounds the nesting of closures, so no expression can exhaust the stack. */
const MAX_TOKENS = 1_000;

/** Word operators and their symbols. */
const WORD_OPERATORS: ReadonlyMap<string, string> = new Map([
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
  ['eq', '=='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
  ['div', '/'],
  ['mod', '%'],
  ['empty', 'empty'],
  ['instanceof', 'instanceof'],
]);

const NUMBER = /(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?/y;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/uy;
const SYMBOL = /&&|\|\||[=!<>]=|[-+*/%<>!?:.,()[\]}]/y;
const SPACE = /\s+/y;

/** Reads the tokens of one text; all expressions of a template share one lexer. */
export class ExpressionLexer {
  private count = 0;

  constructor(
    private readonly text: string,
    private position: number,
  ) {}

  /** The offset from which the next token is read. */
  get offset(): number {
    return this.position;
  }

  /** @throws LexicalError */
  next(): Token {
    this.match(SPACE);
    const at = this.position;
    this.count += 1;
    if (this.count > MAX_TOKENS)
      throw new LexicalError(`more than ${MAX_TOKENS} parts in one expression`, at);
    const first = this.text[at];
    if (first === undefined) return { kind: 'end', at };
    if (first === "'" || first === '"') return { kind: 'string', at, value: this.quoted(first) };
    const number = this.match(NUMBER);
    if (number !== null) {
      const isDouble = /[.eE]/.test(number);
      if (!isDouble && BigInt(number) > MAX_LONG)
        throw new LexicalError(`cannot parse number '${number}'`, at);
      return { kind: 'number', at, value: Number(number), isDouble };
    }
    const name = this.match(NAME);
    if (name !== null) {
      const operator = WORD_OPERATORS.get(name);
      return operator === undefined
        ? { kind: 'name', at, value: name }
        : { kind: 'symbol', at, value: operator };
    }
    const symbol = this.match(SYMBOL);
    if (symbol !== null) return { kind: 'symbol', at, value: symbol };
    throw new LexicalError(`unexpected character '${first}'`, at);
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.position = pattern.lastIndex;
    return found[0];
  }

  /** Reads a quoted text; a backslash escapes a quote or a backslash. */
  private quoted(quote: string): string {
    const start = this.position;
    let value = '';
    for (let index = start + 1; index < this.text.length; index += 1) {
      const character = this.text.charAt(index);
      if (character === quote) {
        this.position = index + 1;
        return value;
      }
      if (character === '\\') {
        index += 1;
        const escaped = this.text.charAt(index);
        if (escaped !== '\\' && escaped !== "'" && escaped !== '"') {
          throw new LexicalError(`invalid escape sequence \\${escaped}`, index - 1);
        }
        value += escaped;
      } else {
        value += character;
      }
    }
    throw new LexicalError('a text in quotes does not end', start);
  }
}
