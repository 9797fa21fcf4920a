import { describe, expect, it } from '@jest/globals';
import { BATCH_EVENTS, nextRemoval } from './removal.js';

describe('nextRemoval', () => {
  const places = (correlationId: string, count: number, first = 1) =>
    Array.from({ length: count }, (_, index) => ({ correlationId, seq: first + index }));

  it('includes all processes whose events fit together, and those without events', () => {
    expect(nextRemoval(['a', 'b', 'c'], [...places('a', 2), ...places('b', BATCH_EVENTS - 2)])).toEqual({
      type: 'processes',
      correlationIds: ['a', 'b', 'c'],
    });
  });

  it('leaves the trail that does not fit, and what may follow it, to the next batch', () => {
    expect(nextRemoval(['z', 'b', 'a'], [...places('a', 2), ...places('b', BATCH_EVENTS - 1)])).toEqual({
      type: 'processes',
      correlationIds: ['a'],
    });
  });

  it('removes the beginning of a trail that fits into no batch, and never all of it', () => {
    expect(nextRemoval(['a', 'b'], places('a', BATCH_EVENTS + 1, 11))).toEqual({
      type: 'trail',
      correlationId: 'a',
      throughSeq: BATCH_EVENTS + 10,
    });
  });
});
