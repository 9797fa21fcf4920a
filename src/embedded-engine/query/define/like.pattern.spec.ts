import { describe, expect, it } from '@jest/globals';
import { isLike } from './like.pattern.js';

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

  it('stays fast on a pattern of many wildcards', () => {
    expect(isLike('a'.repeat(2_000), `${'%a'.repeat(50)}%b`)).toBe(false);
  });
});
