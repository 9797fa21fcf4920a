import { describe, expect, it } from '@jest/globals';
import { validate, version } from 'uuid';
import { TimeOrderedIds } from './time-ordered-id.js';

describe('TimeOrderedIds', () => {
  it('creates unique ids of version 7, also beyond its pool of random bytes', () => {
    const ids = new TimeOrderedIds();
    const made = Array.from({ length: 2_000 }, () => ids.create());
    expect(new Set(made).size).toBe(2_000);
    expect(made.every((id) => validate(id) && version(id) === 7)).toBe(true);
    const another = new TimeOrderedIds();
    expect(made).not.toContain(another.create());
  });

  it('begins with the time', () => {
    const before = Date.now();
    const time = Number.parseInt(new TimeOrderedIds().create().replace('-', '').slice(0, 12), 16);
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThanOrEqual(Date.now());
  });
});
