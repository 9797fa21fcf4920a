import { describe, expect, it } from '@jest/globals';
import { StartCapacity } from './start-capacity.js';

const KIB = 1_024;

const small = (correlationId: string) => ({ correlationId, bytes: 16 * KIB });
const large = (correlationId: string, kib = 700) => ({ correlationId, bytes: kib * KIB });

const idsOf = (starts: readonly { correlationId: string }[]): string =>
  starts.map(({ correlationId }) => correlationId).join('');

describe('StartCapacity', () => {
  it('selects up to the maximum number, in the given order', () => {
    const capacity = new StartCapacity(2);
    const due = [small('a'), small('b'), small('c')];
    expect(idsOf(capacity.select(due))).toBe('ab');
    capacity.acquire(small('a'));
    expect(capacity.free).toBe(1);
    expect(idsOf(capacity.select([small('b'), small('c')]))).toBe('b');
    capacity.acquire(small('b'));
    expect(capacity.select([small('c')])).toEqual([]);
  });

  it('selects large starts up to 1 MiB together, and small starts besides', () => {
    const capacity = new StartCapacity(10);
    expect(idsOf(capacity.select([large('a'), large('b'), small('c'), large('d')]))).toBe('ac');
    expect(idsOf(capacity.select([large('a', 300), large('b', 300), large('c', 300), large('d', 300)]))).toBe(
      'abc',
    );
  });

  it('selects a start above 1 MiB only if no other large start runs', () => {
    const capacity = new StartCapacity(10);
    const huge = large('a', 5_000);
    expect(idsOf(capacity.select([huge, large('b', 20)]))).toBe('a');
    capacity.acquire(huge);
    expect(capacity.select([large('b', 20)])).toEqual([]);
    capacity.release('a');
    expect(idsOf(capacity.select([large('b', 20)]))).toBe('b');
  });

  it('lets no smaller large start overtake a waiting one', () => {
    const capacity = new StartCapacity(10);
    capacity.acquire(large('a', 500));
    expect(idsOf(capacity.select([large('b', 900), large('c', 20), small('d')]))).toBe('d');
    capacity.release('a');
    expect(idsOf(capacity.select([large('b', 900), large('c', 20), small('d')]))).toBe('bcd');
  });

  it('counts a start that is released twice only once', () => {
    const capacity = new StartCapacity(10);
    capacity.acquire(large('a'));
    capacity.release('a');
    capacity.release('a');
    expect(capacity.free).toBe(10);
    expect(idsOf(capacity.select([large('b', 1_024)]))).toBe('b');
  });
});
