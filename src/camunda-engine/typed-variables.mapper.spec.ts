import { describe, expect, it } from '@jest/globals';
import {
  fromTypedVariables,
  toEngineDate,
  toTypedVariables,
  UnsupportedVariableError,
} from './typed-variables.mapper.js';

const typed = (value: unknown) => toTypedVariables({ value }).value;

describe('toTypedVariables', () => {
  it.each([
    [0, 'Integer'],
    [2 ** 31 - 1, 'Integer'],
    [-(2 ** 31), 'Integer'],
    [2 ** 31, 'Long'],
    [-(2 ** 31) - 1, 'Long'],
    [Number.MAX_SAFE_INTEGER, 'Long'],
    [1.5, 'Double'],
    ['text', 'String'],
    ['', 'String'],
    [true, 'Boolean'],
    [null, 'Null'],
  ])('types %p as %s', (value, type) => {
    expect(typed(value)).toEqual({ value, type });
  });

  it('sends objects and arrays as Json', () => {
    expect(typed({ a: [1] })).toEqual({ type: 'Json', value: '{"a":[1]}' });
    expect(typed([1, null])).toEqual({ type: 'Json', value: '[1,null]' });
  });

  it('sends a string of more than 4 000 characters as Json, and one of 4 000 as String', () => {
    expect(typed('x'.repeat(4_000))?.type).toBe('String');
    expect(typed('"'.repeat(4_001))).toEqual({ type: 'Json', value: JSON.stringify('"'.repeat(4_001)) });
  });

  it('sends a date with an offset that the engine accepts', () => {
    const date = new Date(Date.UTC(2026, 0, 31, 10, 0, 0, 7));
    expect(typed(date)).toEqual({ type: 'Date', value: '2026-01-31T10:00:00.007+0000' });
    expect(toEngineDate(date)).toBe('2026-01-31T10:00:00.007+0000');
  });

  it('omits undefined members', () => {
    expect(Object.keys(toTypedVariables({ a: undefined, b: 1 }))).toEqual(['b']);
  });

  it.each([
    [NaN],
    [Infinity],
    [10n],
    [Number.MAX_SAFE_INTEGER + 1],
    [-(2 ** 53)],
    [new Map([['a', 1]])],
    [new Error('x')],
    [() => 1],
    [Symbol('s')],
    [new Date('never')],
    [{ toJSON: () => undefined }],
  ])('refuses %p and names the variable', (value) => {
    expect(() => typed(value)).toThrow(UnsupportedVariableError);
    expect(() => typed(value)).toThrow(/"value"/);
  });

  it.each([
    [{ a: [1, new Map()] }, /"value\.a\.1".*a Map/],
    [{ a: NaN }, /"value\.a".*NaN/],
    [{ a: { b: 2 ** 53 } }, /"value\.a\.b".*2\^53/],
  ])('refuses %p and names the path', (value, message) => {
    expect(() => typed(value)).toThrow(message);
  });

  it('refuses a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    expect(() => typed(cycle)).toThrow(/"value\.self".*contains itself/);
  });

  it('keeps __proto__ as a name like any other', () => {
    const variables = toTypedVariables(
      JSON.parse('{"__proto__":{"polluted":true}}') as Record<string, unknown>,
    );
    expect(JSON.stringify(variables)).toBe('{"__proto__":{"type":"Json","value":"{\\"polluted\\":true}"}}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('fromTypedVariables', () => {
  it.each([
    ['String', 'a', 'a'],
    ['Integer', 5, 5],
    ['Long', 4_000_000_000, 4_000_000_000],
    ['Short', 3, 3],
    ['Double', 1.5, 1.5],
    ['Boolean', false, false],
    ['Json', '{"a":[1]}', { a: [1] }],
    ['json', '"text"', 'text'],
    ['Json', 'not json', 'not json'],
    ['Json', { already: 'parsed' }, { already: 'parsed' }],
    ['Json', null, null],
    ['Null', null, null],
    ['Date', '2026-01-31T10:00:00.000+0200', new Date(Date.UTC(2026, 0, 31, 8))],
    ['Date', 'never', 'never'],
    ['Date', 7, 7],
    ['Bytes', 'aGk=', 'aGk='],
    [undefined, 'untyped', 'untyped'],
    ['Json', '{"a":9007199254740993}', { a: 9_007_199_254_740_993n }],
    ['Long', 9_007_199_254_740_993n, 9_007_199_254_740_993n],
    ['Object', '{"a":9007199254740993}', '{"a":9007199254740993}'],
  ])('reads %s %p', (type, value, plain) => {
    expect(fromTypedVariables({ value: { type, value } }).value).toEqual(plain);
  });

  it('reads what it wrote', () => {
    const plain = {
      i: 1,
      l: 2 ** 40,
      d: 0.1,
      s: 'x',
      long: 'y'.repeat(5_000),
      b: true,
      n: null,
      o: { a: [] },
      t: new Date(0),
    };
    expect({ ...fromTypedVariables(toTypedVariables(plain)) }).toEqual(plain);
  });

  it('keeps a variable named __proto__ without changing its prototype', () => {
    const variables = fromTypedVariables(
      JSON.parse('{"__proto__":{"type":"Json","value":"{\\"admin\\":true}"}}') as Record<string, never>,
    );
    expect(variables.admin).toBeUndefined();
    expect(Object.keys(variables)).toEqual(['__proto__']);
  });
});
