import { describe, expect, it } from '@jest/globals';
import { filterRecords, isLike } from './record.query.js';

describe('isLike', () => {
  it.each([
    ['abc', 'abc', true],
    ['abc', 'ab', false],
    ['abc', '%', true],
    ['', '%', true],
    ['', '_', false],
    ['abc', 'a%c', true],
    ['abc', 'a_c', true],
    ['abc', '_', false],
    ['abcabc', '%bc', true],
    ['abcab', '%bc', false],
    ['a.c', 'a.c', true],
    ['abc', 'a.c', false],
    ['50%', '50\\%', true],
    ['500', '50\\%', false],
    ['a_b', 'a\\_b', true],
    ['axb', 'a\\_b', false],
    ['a\\', 'a\\', true],
    ['line\nbreak', 'line%break', true],
    [null, '%', false],
  ])('%j like %j is %s', (text, pattern, expected) => {
    expect(isLike(text, pattern)).toBe(expected);
  });

  it('does not run away on a pattern of many wildcards', () => {
    expect(isLike('a'.repeat(2_000), `${'%a'.repeat(50)}%b`)).toBe(false);
  });
});

describe('filterRecords', () => {
  it('passes over filters that it has no rule for, those that every object has a property of among them', () => {
    const rules = { n: (record: number, wanted: number) => record === wanted };
    const query: { n?: number } = { n: 2, ...{ constructor: 1, other: 1 } };
    expect(filterRecords([1, 2, 3], query, rules)).toEqual([2]);
    expect(filterRecords([1, 2], { n: undefined }, rules)).toEqual([1, 2]);
  });
});
