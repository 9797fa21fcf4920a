import { describe, expect, it } from '@jest/globals';
import { findVariableFaults, SYSTEM_VARIABLES } from './start-variables.js';

function refusedNames(variables: Record<string, unknown>): readonly string[] {
  return findVariableFaults(variables).map(({ name }) => name);
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = [value];
  return value;
}

describe('findVariableFaults', () => {
  it('accepts every kind of plain JSON', () => {
    expect(
      refusedNames({
        text: 'ü🙂',
        int: 1,
        long: Number.MAX_SAFE_INTEGER,
        double: 0.5,
        yes: true,
        none: null,
        list: [{}],
      }),
    ).toEqual([]);
  });

  it.each([...SYSTEM_VARIABLES])('refuses %s, which the service sets itself', (name) => {
    expect(refusedNames({ [name]: 'x' })).toEqual([name]);
  });

  it('refuses names that are dangerous in JavaScript objects, at any depth', () => {
    const variables = JSON.parse(
      '{"__proto__":1,"constructor":1,"prototype":1,"a":{"b":[{"__proto__":1}]}}',
    ) as Record<string, unknown>;
    expect(refusedNames(variables)).toEqual(['__proto__', 'constructor', 'prototype', 'a']);
  });

  it('refuses integers that would lose digits, at any depth', () => {
    expect(refusedNames({ a: 2 ** 53, b: { c: [-(2 ** 53)] }, ok: 2 ** 53 - 1 })).toEqual(['a', 'b']);
  });

  it('refuses what JSON allows but cannot be stored: lone surrogates, numbers beyond a double', () => {
    const variables = JSON.parse(
      '{"huge":1e400,"half":"\\ud800","\\udfff":1,"deep":{"a":["\\udc00x"]},"name":{"\\ud800":1},"fine":"\\ud83d\\ude42"}',
    ) as Record<string, unknown>;
    expect(refusedNames(variables)).toEqual(['huge', 'half', '\udfff', 'deep', 'name']);
  });

  it('refuses empty and overlong names', () => {
    expect(refusedNames({ '': 1, ['n'.repeat(256)]: 1, ['n'.repeat(255)]: 1 })).toHaveLength(2);
  });

  it('refuses deeply nested values without a stack overflow', () => {
    expect(refusedNames({ deep: nested(50_000), fine: nested(90) })).toEqual(['deep']);
  });

  it('returns a refused name unchanged', () => {
    expect(refusedNames({ 'a/b~c': 2 ** 60 })).toEqual(['a/b~c']);
  });
});
