import { describe, expect, it } from '@jest/globals';
import { parseJsonPath, walkJsonPath } from './json-path.js';

describe('parseJsonPath', () => {
  it.each([
    '$.',
    '$..a',
    '$.*',
    '$[*]',
    '$.a[-1]',
    '$.a[0:2]',
    '$.a[?(@.b)]',
    "$['a']",
    '$.a.length()',
    '$.a b',
    '$a',
    '$.a[9999999999]',
    '@.a',
    '',
  ])('refuses %p', (text) => {
    expect(parseJsonPath(text)).toBeNull();
  });

  it.each<[string, readonly (string | number)[]]>([
    ['$', []],
    ['$.a', ['a']],
    ['a.b', ['a', 'b']],
    ['$[0][12].x-y_1', [0, 12, 'x-y_1']],
    ['$.größe.0', ['größe', '0']],
  ])('reads %p as %p', (text, steps) => {
    expect(parseJsonPath(text)).toEqual(steps);
  });
});

describe('walkJsonPath', () => {
  const json = { a: [{ b: null }], s: 'text' };

  it.each<[string, readonly (string | number)[]]>([
    ['a missing member', ['x']],
    ['an index of an object', [0]],
    ['an index past the end', ['a', 1]],
    ['the length of a list', ['a', 'length']],
    ['a member of a text', ['s', 'length']],
    ['a member of null', ['a', 0, 'b', 'c']],
    ['a prototype', ['__proto__']],
    ['a constructor', ['a', 'constructor']],
  ])('finds nothing at %s', (_, steps) => {
    expect(walkJsonPath(json, steps)).toBeUndefined();
  });

  it('finds a node, be it null', () => {
    expect(walkJsonPath(json, [])).toBe(json);
    expect(walkJsonPath(json, ['a', 0])).toEqual({ b: null });
    expect(walkJsonPath(json, ['a', 0, 'b'])).toBeNull();
  });
});
