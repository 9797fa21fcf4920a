import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { copyJson } from './copy-json.js';

/** Null for a value that JSON omits. */
function roundTrip(value: unknown): unknown {
  const text = JSON.stringify([value]);
  return (JSON.parse(text) as unknown[])[0];
}

const anything = fc.anything({ withDate: true, withNullPrototype: true, withSparseArray: true });

describe('copyJson', () => {
  it('returns the same as JSON.parse(JSON.stringify()) for any value', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(JSON.stringify(copyJson(value))).toBe(JSON.stringify(roundTrip(value)));
        expect(copyJson(value)).toEqual(roundTrip(value));
      }),
      { numRuns: 500 },
    );
  });

  it('omits undefined members, and keeps undefined items as null', () => {
    expect(copyJson({ a: undefined, b: [undefined, () => 1, Symbol('s')] })).toStrictEqual({
      b: [null, null, null],
    });
  });

  it('converts dates to strings, and numbers that JSON does not have to null', () => {
    expect(copyJson([new Date(0), new Date(Number.NaN), Number.NaN, -Infinity, -0])).toStrictEqual([
      '1970-01-01T00:00:00.000Z',
      null,
      null,
      null,
      0,
    ]);
  });

  it('calls toJSON once, with the name of the member', () => {
    const form = { toJSON: () => 'not asked' };
    expect(copyJson({ a: { toJSON: (key: string) => ({ key, form }) } })).toStrictEqual({
      a: { key: 'a', form: 'not asked' },
    });
    expect(copyJson({ toJSON: () => ({ toJSON: 7, a: 1 }) })).toStrictEqual({ toJSON: 7, a: 1 });
  });

  it('keeps a member named __proto__', () => {
    const copy = copyJson(JSON.parse('{"__proto__":{"a":1}}')) as object;
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"a":1}}');
  });

  it('shares no object with the original', () => {
    const original = { list: [{ a: 1 }], map: { b: 2 } };
    const copy = copyJson(original) as typeof original;
    (copy.list[0] as { a: number }).a = 9;
    copy.map.b = 9;
    expect(original).toEqual({ list: [{ a: 1 }], map: { b: 2 } });
  });

  it('refuses values without a JSON form', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => copyJson({ big: 1n })).toThrow(TypeError);
    expect(() => copyJson(cycle)).toThrow(RangeError);
  });
});
