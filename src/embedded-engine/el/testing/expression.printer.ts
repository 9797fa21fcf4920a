import type { Tree } from './expression.types.js';

/** Binding powers of the expression language, the loosest first; all binary operators group to the left. */
const LEVELS = ['?', '||', '&&', '== !=', '< <= > >=', '+ -', '* / %', 'unary', 'postfix', 'primary'];

const WORDS: Readonly<Record<string, string>> = {
  '==': 'eq',
  '!=': 'ne',
  '<': 'lt',
  '<=': 'le',
  '>': 'gt',
  '>=': 'ge',
  '&&': 'and',
  '||': 'or',
  '/': 'div',
  '%': 'mod',
  '!': 'not',
};

function levelOf(operator: string): number {
  return LEVELS.findIndex((level) => level.split(' ').includes(operator));
}

/** Prints a tree with random variation: spaces, words or symbols, quotes and more brackets than needed by chance. */
export class ExpressionPrinter {
  /** @param choices numbers that decide between ways to write the same */
  constructor(private readonly choices: Iterator<number>) {}

  /** @param least what binds looser stands in brackets */
  print(tree: Tree, least = 0): string {
    const printed = this.bare(tree);
    return this.level(tree) < least || this.chance(8)
      ? `(${this.space()}${printed}${this.space()})`
      : printed;
  }

  private level(tree: Tree): number {
    if (tree.kind === 'choice') return levelOf('?');
    if (tree.kind === 'binary') return levelOf(tree.operator);
    if (tree.kind === 'unary') return levelOf('unary');
    return tree.kind === 'index' || tree.kind === 'json' ? levelOf('postfix') : levelOf('primary');
  }

  private bare(tree: Tree): string {
    switch (tree.kind) {
      case 'long':
        return String(tree.value);
      case 'double':
        return this.double(tree.value);
      case 'text':
        return this.quoted(tree.value);
      case 'word':
        return String(tree.value);
      case 'name':
        return tree.name;
      case 'unary': {
        const operand = this.print(tree.operand, levelOf('unary'));
        if (tree.operator === '-') return `-${this.space()}${operand}`;
        if (tree.operator === '!' && this.chance(2)) return `!${this.space()}${operand}`;
        return `${tree.operator === '!' ? 'not' : 'empty'} ${this.space()}${operand}`;
      }
      case 'binary': {
        const level = levelOf(tree.operator);
        return `${this.print(tree.left, level)}${this.operator(tree.operator)}${this.print(tree.right, level + 1)}`;
      }
      case 'choice': {
        const [then, otherwise] = [this.print(tree.then), this.print(tree.otherwise)];
        return `${this.print(tree.condition, 1)}${this.space()}?${this.space()}${then}${this.space()}:${this.space()}${otherwise}`;
      }
      case 'index': {
        const base = this.print(tree.base, levelOf('postfix'));
        const { key } = tree;
        if (key.kind === 'text' && /^[a-z]\w*$/.test(key.value) && this.chance(2))
          return `${base}.${key.value}`;
        return `${base}${this.space()}[${this.print(key)}]`;
      }
      case 'json': {
        const reader = { name: 'stringValue', count: 'numberValue', price: 'numberValue', ok: 'boolValue' };
        const method = this.chance(3) ? 'value' : reader[tree.property];
        return `json${this.space()}.prop(${this.quoted(tree.property)}).${method}(${this.space()})`;
      }
    }
  }

  private operator(symbol: string): string {
    const word = WORDS[symbol];
    if (word !== undefined && this.chance(2)) return ` ${this.space()}${word} ${this.space()}`;
    return `${this.space()}${symbol}${this.space()}`;
  }

  private double(value: number): string {
    const plain = String(value).replace('e+', 'e');
    return /[.e]/.test(plain) ? plain : `${plain}${['.0', '.', 'e0', 'E+0'][this.choose(4)] ?? '.0'}`;
  }

  private quoted(value: string): string {
    const quote = this.chance(2) ? "'" : '"';
    return (
      quote + value.replaceAll(/[\\'"]/g, (one) => (one === '\\' || one === quote ? `\\${one}` : one)) + quote
    );
  }

  private space(): string {
    return ['', '', '', ' ', '  ', '\n\t'][this.choose(6)] ?? '';
  }

  private chance(in_: number): boolean {
    return this.choose(in_) === 0;
  }

  private choose(limit: number): number {
    return Number(this.choices.next().value) % limit;
  }
}
