import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ProcessCache } from './process-cache.js';
import { emptyRecord } from './process-record.factory.js';
import type { ProcessRecord } from './process-record.js';

const KIB = 1_024;

/** A final state whose result takes so many KiB in memory, with what each entry takes besides. */
function state(correlationId: string, kib: number): ProcessRecord {
  const data = 'x'.repeat(((kib - 1) * KIB) / 2);
  return { ...emptyRecord(correlationId, 'claim'), status: 'ok', data, version: 2 };
}

describe('ProcessCache', () => {
  const held = (cache: ProcessCache): string[] => cache.values().map(({ correlationId }) => correlationId);

  it('evicts the least recently used states above its limit', () => {
    const cache = new ProcessCache(Infinity, 40 * KIB);
    for (const id of ['a', 'b', 'c', 'd']) cache.put(state(id, 10));
    expect(cache.bytes).toBe(40 * KIB);
    cache.get('a');
    cache.put(state('e', 10));
    expect(held(cache).sort()).toEqual(['a', 'c', 'd', 'e']);
    expect(cache.get('b')).toBeUndefined();
    expect(cache.bytes).toBe(40 * KIB);
  });

  it('makes room although everything was used or is awaited', () => {
    const cache = new ProcessCache(Infinity, 40 * KIB);
    for (const id of ['a', 'b', 'c', 'd']) {
      cache.put(state(id, 10));
      cache.get(id);
      cache.retain(id);
    }
    cache.put(state('e', 10));
    expect(held(cache)).toHaveLength(4);
    expect(cache.get('e')).toBeDefined();
  });

  it('does not hold a state that would push out most of the others, nor its older version', () => {
    const cache = new ProcessCache(Infinity, 40 * KIB);
    cache.put(state('small', 4));
    cache.put(state('a', 4));
    cache.put({ ...state('a', 11), version: 3 });
    expect(held(cache)).toEqual(['small']);
    expect(cache.bytes).toBe(4 * KIB);
  });

  it('counts the bytes that it holds', () => {
    const change = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
      kib: fc.integer({ min: 1, max: 12 }),
      what: fc.constantFrom('put', 'read', 'refresh', 'delete', 'get', 'sweep'),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const cache = new ProcessCache(Infinity, 40 * KIB);
        for (const { id, kib, what } of changes) {
          if (what === 'put') cache.put(state(id, kib));
          else if (what === 'read') cache.putRead(state(id, kib), cache.changes);
          else if (what === 'refresh') cache.refresh(state(id, kib));
          else if (what === 'delete') cache.delete(id);
          else if (what === 'get') cache.get(id);
          else cache.sweep();
          const texts = cache.values().reduce((sum, { data }) => sum + 2 * (data?.length ?? 0) + KIB, 0);
          expect(cache.bytes).toBe(texts);
          expect(cache.bytes).toBeLessThanOrEqual(40 * KIB);
        }
      }),
    );
  });
});
