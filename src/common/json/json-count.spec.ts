import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countJson, type JsonCount } from './json-count.js';

function countedByParsing(value: unknown): JsonCount {
  if (typeof value !== 'object' || value === null) return { members: 0, items: 0 };
  const children = Object.values(value);
  const own = Array.isArray(value)
    ? { members: 0, items: children.length }
    : { members: children.length, items: 0 };
  return children
    .map(countedByParsing)
    .reduce((sum, { members, items }) => ({ members: sum.members + members, items: sum.items + items }), own);
}

const count = (text: string): JsonCount => countJson(Buffer.from(text));

describe('countJson', () => {
  it('counts like a parser, over all depths, with any whitespace', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(2), (text, spaces) => {
        const value: unknown = JSON.parse(text);
        expect(count(JSON.stringify(value, null, spaces))).toEqual(countedByParsing(value));
      }),
      { numRuns: 500 },
    );
  });

  it('counts nothing inside strings, with any escapes', () => {
    expect(count(String.raw`{"a,\"b:[{\\":"\\\",:[{","c\\":["\"",""]}`)).toEqual({ members: 2, items: 2 });
  });

  it('counts repeated names, although a parser keeps one', () => {
    expect(count('{"a":1,"a":2,"a":[{}]}')).toEqual({ members: 3, items: 1 });
  });

  it.each(['', '"', '"\\', '{"a', '[', ',:', ']'])('accepts text that is not JSON: %p', (text) => {
    expect(count(text).members).toBeLessThanOrEqual(1);
  });

  it('reads a text of backslashes in linear time', () => {
    const slashes = '\\\\'.repeat(500_000);
    expect(count(`["${slashes}","${slashes}"]`)).toEqual({ members: 0, items: 2 });
  });
});
