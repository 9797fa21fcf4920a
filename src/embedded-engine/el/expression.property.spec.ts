/** Generated expressions against an evaluator of their trees, and unusual texts. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../testing/property.runs.js';
import { compileExpression } from './expression.compiler.js';
import { ExpressionError, ExpressionSyntaxError } from './expression.errors.js';
import type { ExpressionScope } from './expression.types.js';
import { SpinJson } from './spin-json.js';
import { expressions, templates } from './testing/expression.arbitrary.js';
import { evaluateTree, NoValueError, textOf, TooLargeError } from './testing/expression.evaluator.js';
import { ExpressionPrinter } from './testing/expression.printer.js';
import type { Tree, Value } from './testing/expression.types.js';
import { isElNumber, numberTypeOf, numberValueOf, TypedNumber } from './typed-number.js';

/** Each variable as the trees see it and as the engine does. */
const VARIABLES: Readonly<Record<string, readonly [Value, unknown]>> = {
  integer: [{ type: 'Integer', value: 7n }, 7],
  long: [{ type: 'Long', value: 2n ** 40n }, 2 ** 40],
  short: [{ type: 'Short', value: 3n }, new TypedNumber('Short', 3)],
  fraction: [{ type: 'Double', value: 2.5 }, 2.5],
  whole: [{ type: 'Double', value: 12 }, new TypedNumber('Double', 12)],
  word: ['word', 'word'],
  digits: ['12', '12'],
  decimal: ['1.5', '1.5'],
  blank: ['', ''],
  trueText: ['TRUE', 'TRUE'],
  yes: [true, true],
  no: [false, false],
  nothing: [null, null],
  list: [
    ['x', 'y', { type: 'Integer', value: 5n }],
    ['x', 'y', 5],
  ],
  none: [[], []],
  map: [
    { key: 'value', n: { type: 'Integer', value: -4n } },
    { key: 'value', n: -4 },
  ],
  noMap: [{}, {}],
  json: [
    { name: 'Ann', count: { type: 'Integer', value: 3n }, price: { type: 'Double', value: 9.5 }, ok: true },
    new SpinJson({ name: 'Ann', count: 3, price: 9.5, ok: true }),
  ],
};

const OF_TREES = Object.fromEntries(Object.entries(VARIABLES).map(([name, [value]]) => [name, value]));
const SCOPE: ExpressionScope = {
  has: (name) => Object.hasOwn(VARIABLES, name),
  get: (name) => VARIABLES[name]?.[1],
};

const choices = fc.infiniteStream(fc.nat(10_000));

/** A value of the engine as the trees see it. */
function asValue(value: unknown): unknown {
  if (!isElNumber(value)) return value;
  const [type, number] = [numberTypeOf(value), numberValueOf(value)];
  // A Java integer is never a negative zero.
  return type === 'Double' || Object.is(number, -0)
    ? { type, value: number }
    : { type, value: BigInt(number) };
}

/** The expected result, without a value if the evaluation fails. Discards runs with integers that are too large. */
function expected<T>(evaluate: () => T): { readonly value: T } | null {
  try {
    return { value: evaluate() };
  } catch (error) {
    fc.pre(!(error instanceof TooLargeError));
    if (error instanceof NoValueError) return null;
    throw error;
  }
}

/** Compares a text's value with what its tree gives. */
function compare(text: string, wanted: { readonly value: unknown } | null): void {
  const compiled = compileExpression(text);
  if (wanted === null) expect(() => compiled.evaluate(SCOPE)).toThrow(ExpressionError);
  else expect(asValue(compiled.evaluate(SCOPE))).toEqual(wanted.value);
}

describe('a generated expression', () => {
  it(
    'gives the value and the type that its tree has, however it is written',
    () => {
      fc.assert(
        fc.property(expressions, choices, (tree, ways) => {
          const text = `\${${new ExpressionPrinter(ways).print(tree)}}`;
          compare(
            text,
            expected(() => evaluateTree(tree, OF_TREES)),
          );
        }),
        { numRuns: propertyRuns(5_000) },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );

  it(
    'gives its text within a template',
    () => {
      fc.assert(
        fc.property(templates, fc.constantFrom('$', '#'), choices, (parts, opener, ways) => {
          const printer = new ExpressionPrinter(ways);
          const whole = joinTexts(parts);
          const text = whole
            .map((part) => (typeof part === 'string' ? escape(part) : `${opener}{${printer.print(part)}}`))
            .join('');
          const [only] = whole;
          const isBare = whole.length === 1 && only !== undefined && typeof only !== 'string';
          const wanted = expected((): unknown => {
            const values = whole.map((part) =>
              typeof part === 'string' ? part : evaluateTree(part, OF_TREES),
            );
            return isBare ? values[0] : values.map(textOf).join('');
          });
          compare(text, wanted);
        }),
        { numRuns: propertyRuns(2_000) },
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});

/** Puts texts that touch together, as the parser sees them. */
function joinTexts(parts: readonly (string | Tree)[]): readonly (string | Tree)[] {
  const joined: (string | Tree)[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined.splice(-1, 1, last + part);
    else if (part !== '') joined.push(part);
  }
  return joined.length === 0 ? [''] : joined;
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll(/[$#]\{/g, (opener) => `\\${opener}`);
}

/** Pieces of which every other text is an expression, and names that lead out of the data. */
const PIECES = [
  ...[
    '${',
    '#{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '.',
    ',',
    '?',
    ':',
    '!',
    '-',
    '+',
    '*',
    '/',
    '%',
    '==',
    '<',
    '&&',
    '\\',
  ],
  ...[
    "'",
    '"',
    "'__proto__'",
    "'constructor'",
    "'x'",
    ' ',
    '1',
    '1.5',
    '1e999',
    '.',
    'e',
    'true',
    'null',
    'empty',
  ],
  ...[
    'and',
    'or',
    'not',
    'eq',
    'mod',
    'instanceof',
    'map',
    'list',
    'word',
    'json',
    'nothing',
    'missing',
    'integer',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    'bind',
  ],
  ...[
    'length',
    'size',
    'get',
    'prop',
    'value',
    'elements',
    'keySet',
    '()',
    '(1)',
    "('constructor')",
    'JSON',
    'now',
  ],
];

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'call',
  'get',
  'prop',
];

/** A way into a value, by members and methods. */
const chains = fc
  .tuple(
    fc.constantFrom(...Object.keys(VARIABLES), "''", '1', 'true', 'now()', 'JSON("{}")'),
    fc.array(
      fc
        .constantFrom(...NAMES)
        .chain((name) =>
          fc.constantFrom(
            `.${name}`,
            `['${name}']`,
            `.${name}()`,
            `['${name}']()`,
            `.${name}('constructor')`,
            `['${name}']('__proto__')`,
            `.get('${name}')`,
            `.keySet()`,
            `.values()`,
          ),
        ),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([base, path]) => `\${${base}${path.join('')}}`);

const PROTOTYPES: readonly unknown[] = [
  ...[Object, Function, Array, String, Number, Boolean, Date, Map, SpinJson, TypedNumber].map(
    (one) => one.prototype as unknown,
  ),
  ...[Object, Function, Array, String, Number, Boolean, Date, Map, SpinJson, TypedNumber, globalThis],
];

/** Evaluates whatever compiles; nothing but the two errors of expressions comes out of it, and no way to the program. */
function endure(text: string): void {
  let compiled;
  try {
    compiled = compileExpression(text);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionSyntaxError);
    return;
  }
  let value: unknown;
  try {
    value = compiled.evaluate(SCOPE);
  } catch (error) {
    expect(error).toBeInstanceOf(ExpressionError);
    return;
  }
  expect(typeof value).not.toBe('function');
  expect(PROTOTYPES.includes(value)).toBe(false);
}

describe('an unusual text', () => {
  it.each([
    ['characters', fc.string({ unit: 'binary', maxLength: 200 }).map((text) => `\${${text}`)],
    [
      'pieces',
      fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => `\${${pieces.join('')}}`),
    ],
    ['texts', fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map((pieces) => pieces.join(''))],
    ['ways to the prototypes', chains],
  ])('of %s is rejected, fails or has a value of the data', (_of, texts) => {
    fc.assert(fc.property(texts, endure), { numRuns: propertyRuns(3_000) });
  });
});
