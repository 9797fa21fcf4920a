import { describe, expect, it } from '@jest/globals';
import { StartCapacity } from './start-capacity.js';

const KIB = 1_024;

const small = (correlationId: string) => ({ correlationId, bytes: 16 * KIB });
const large = (correlationId: string, kib = 700) => ({ correlationId, bytes: kib * KIB });

const idsOf = (starts: readonly { correlationId: string }[]): string =>
  starts.map(({ correlationId }) => correlationId).join('');

describe('StartCapacity', () => {
  it('chooses as many as may be at work, in their order', () => {
    const room = new StartCapacity(2);
    const due = [small('a'), small('b'), small('c')];
    expect(idsOf(room.choose(due))).toBe('ab');
    room.enter(small('a'));
    expect(room.free).toBe(1);
    expect(idsOf(room.choose([small('b'), small('c')]))).toBe('b');
    room.enter(small('b'));
    expect(room.choose([small('c')])).toEqual([]);
  });

  it('chooses large ones up to 1 MiB together, and small ones beside them', () => {
    const room = new StartCapacity(10);
    expect(idsOf(room.choose([large('a'), large('b'), small('c'), large('d')]))).toBe('ac');
    expect(idsOf(room.choose([large('a', 300), large('b', 300), large('c', 300), large('d', 300)]))).toBe(
      'abc',
    );
  });

  it('begins one that is larger than all the room alone', () => {
    const room = new StartCapacity(10);
    const huge = large('a', 5_000);
    expect(idsOf(room.choose([huge, large('b', 20)]))).toBe('a');
    room.enter(huge);
    expect(room.choose([large('b', 20)])).toEqual([]);
    room.leave('a');
    expect(idsOf(room.choose([large('b', 20)]))).toBe('b');
  });

  it('lets no smaller one pass a large one that waits, so that it comes next', () => {
    const room = new StartCapacity(10);
    room.enter(large('a', 500));
    expect(idsOf(room.choose([large('b', 900), large('c', 20), small('d')]))).toBe('d');
    room.leave('a');
    expect(idsOf(room.choose([large('b', 900), large('c', 20), small('d')]))).toBe('bcd');
  });

  it('has all its room again when all have left', () => {
    const room = new StartCapacity(10);
    room.enter(large('a'));
    room.leave('a');
    room.leave('a');
    expect(room.free).toBe(10);
    expect(idsOf(room.choose([large('b', 1_024)]))).toBe('b');
  });
});
