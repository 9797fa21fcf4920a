import fc from 'fast-check';
import type { BinaryOperator, Tree } from './expression.types.js';

const depth = { depthSize: 'medium', maxDepth: 6 } as const;

const name = (...names: readonly string[]): fc.Arbitrary<Tree> =>
  fc.constantFrom(...names).map((one) => ({ kind: 'name', name: one }));
const json = (...properties: readonly ('name' | 'count' | 'price' | 'ok')[]): fc.Arbitrary<Tree> =>
  fc.constantFrom(...properties).map((property) => ({ kind: 'json', property }));
const text = (value: fc.Arbitrary<string>): fc.Arbitrary<Tree> =>
  value.map((one) => ({ kind: 'text', value: one }));
const index = (base: string, ...keys: readonly (string | number)[]): fc.Arbitrary<Tree> =>
  fc.constantFrom(...keys).map((key) => ({
    kind: 'index',
    base: { kind: 'name', name: base },
    key: typeof key === 'string' ? { kind: 'text', value: key } : { kind: 'long', value: key },
  }));

function binary(
  operators: readonly BinaryOperator[],
  left: fc.Arbitrary<Tree>,
  right: fc.Arbitrary<Tree>,
): fc.Arbitrary<Tree> {
  return fc
    .tuple(fc.constantFrom(...operators), left, right)
    .map(([operator, a, b]) => ({ kind: 'binary', operator, left: a, right: b }));
}

function unary(operator: '-' | '!' | 'empty', operand: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return operand.map((one) => ({ kind: 'unary', operator, operand: one }));
}

function choice(condition: fc.Arbitrary<Tree>, of: fc.Arbitrary<Tree>): fc.Arbitrary<Tree> {
  return fc
    .tuple(condition, of, of)
    .map(([asked, then, otherwise]) => ({ kind: 'choice', condition: asked, then, otherwise }));
}

const NOTHING: fc.Arbitrary<Tree> = fc.oneof(
  fc.constant<Tree>({ kind: 'word', value: null }),
  name('nothing'),
  index('map', 'absent', 'inner2'),
  index('list', 9),
);

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='] as const;

/** Trees that mostly can be evaluated: operands have the type that their operator wants, or become it. */
const { number, truth, words } = fc.letrec<{ number: Tree; truth: Tree; words: Tree }>((tie) => ({
  number: fc.oneof(
    depth,
    fc.nat(1_000_000).map((value): Tree => ({ kind: 'long', value })),
    fc.constantFrom(0, 0.5, 1.5, 2, 100, 1e7, 1e-4, 1e21).map((value): Tree => ({ kind: 'double', value })),
    name('integer', 'long', 'short', 'fraction', 'whole'),
    json('count', 'price'),
    index('map', 'n'),
    index('list', 2),
    index('list', '2'),
    binary(['+', '-', '*', '/', '%'], tie('number'), tie('number')),
    binary(['+', '-', '*', '/'], tie('number'), fc.oneof(name('digits', 'decimal', 'blank'), NOTHING)),
    binary(['+', '-', '*', '/', '%'], NOTHING, fc.oneof(NOTHING, tie('number'))),
    unary('-', tie('number')),
    unary('-', fc.oneof(name('digits', 'decimal'), NOTHING)),
    choice(tie('truth'), tie('number')),
  ),
  truth: fc.oneof(
    depth,
    fc.boolean().map((value): Tree => ({ kind: 'word', value })),
    name('yes', 'no'),
    json('ok'),
    binary(COMPARISONS, tie('number'), tie('number')),
    binary(COMPARISONS, tie('words'), tie('words')),
    binary(COMPARISONS, fc.oneof(tie('number'), tie('words'), NOTHING), NOTHING),
    binary(['==', '!='], tie('truth'), tie('truth')),
    binary(['==', '!=', '<', '>'], name('integer', 'whole'), name('digits')),
    binary(['&&', '||'], tie('truth'), tie('truth')),
    // What stands on the right is not always looked at.
    binary(['&&', '||'], tie('truth'), name('missing')),
    binary(['&&', '||'], fc.oneof(name('blank', 'trueText'), NOTHING), tie('truth')),
    unary('!', tie('truth')),
    unary('!', fc.oneof(name('blank', 'trueText'), NOTHING)),
    unary('empty', fc.oneof(tie('words'), tie('number'), NOTHING, name('list', 'none', 'map', 'noMap'))),
    choice(tie('truth'), tie('truth')),
  ),
  words: fc.oneof(
    depth,
    text(fc.string({ maxLength: 6 })),
    text(fc.constantFrom('a', "it's", '"', '\\', '}', '${', 'ü', '😀', 'true', '1.0')),
    name('word', 'blank', 'digits'),
    json('name'),
    index('map', 'key'),
    index('list', 0, 1, '1'),
    choice(tie('truth'), tie('words')),
  ),
}));

/** A whole expression. */
export const expressions: fc.Arbitrary<Tree> = fc.oneof(number, truth, words, NOTHING);

/** A text with expressions in it. */
export const templates: fc.Arbitrary<readonly (string | Tree)[]> = fc.array(
  fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('\\', '$', '#', '{', '${', '\\#{', '}'), expressions),
  { minLength: 1, maxLength: 5 },
);
