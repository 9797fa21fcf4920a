import { describe, expect, it } from '@jest/globals';
import { holds, readIfNoneMatch } from './entity-tag.js';

describe('If-None-Match', () => {
  it.each<readonly [string, boolean]>([
    ['"7-1"', true],
    ['W/"7-1"', true],
    ['"7-2"', false],
    ['"7-2", "7-1"', true],
    ['"7-2",W/"7-1" , "x"', true],
    ['"a,b", "7-1"', true],
    ['"", "7-1"', true],
    ['*', true],
    [' * ', true],
    ['"*"', false],
    ['"17-1"', false],
  ])('%s is held: %p', (header, expected) => {
    const held = readIfNoneMatch(header);
    expect(held !== null && holds(held, '"7-1"')).toBe(expected);
  });

  it.each([undefined, '', '7-1', '"7-1', "'7-1'", '**'])('%p names no tag', (header) => {
    expect(readIfNoneMatch(header)).toBeNull();
  });
});
