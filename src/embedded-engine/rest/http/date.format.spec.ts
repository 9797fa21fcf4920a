import { describe, expect, it } from '@jest/globals';
import { formatDate } from './date.format.js';

describe('formatDate', () => {
  it.each([
    [Date.UTC(2026, 0, 31, 10), '2026-01-31T10:00:00.000+0000'],
    [Date.UTC(12_026, 0, 31, 10), '12026-01-31T10:00:00.000+0000'],
    [8.64e15, '275760-09-13T00:00:00.000+0000'],
    [9e15, '275760-09-13T00:00:00.000+0000'],
    [Infinity, '275760-09-13T00:00:00.000+0000'],
  ])('writes %p as %s, so that one far date does not spoil a whole list', (epochMs, text) => {
    expect(formatDate(epochMs)).toBe(text);
  });
});
