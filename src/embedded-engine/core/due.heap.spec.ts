import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DueHeap } from './due.heap.js';

function drain(heap: DueHeap): number[] {
  const times: number[] = [];
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) times.push(next.at);
  return times;
}

describe('a heap of due times', () => {
  it('returns the earliest first, for any order of insertion and after removals', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(50)), fc.nat(5), (times, divisor) => {
        const heap = new DueHeap();
        for (const at of times) heap.push({ at, id: '' });
        expect(heap.size).toBe(times.length);
        expect(heap.peek()?.at).toBe(times.length === 0 ? undefined : Math.min(...times));
        heap.retain(({ at }) => at % (divisor + 1) === 0);
        heap.push({ at: 25, id: '' });
        const expected = [...times.filter((at) => at % (divisor + 1) === 0), 25].sort((a, b) => a - b);
        expect(drain(heap)).toEqual(expected);
      }),
    );
  });
});
