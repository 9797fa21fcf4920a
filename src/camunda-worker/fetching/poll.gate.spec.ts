import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { PollGate } from './poll.gate.js';
import { TaskSlots } from './task-slots.js';

const observer = { pollSucceeded: () => undefined, pollFailed: () => undefined };

/** The admission of a gate with one slot. */
const ONE = { count: 1, topics: null, isPartial: false };
const NONE = { count: 0, topics: null, isPartial: false };

describe('PollGate', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Milliseconds until the next poll may be sent, in steps of one. */
  async function waitOf(gate: PollGate): Promise<number> {
    const progress = { admitted: false };
    void gate.admit().then(() => {
      progress.admitted = true;
    });
    for (let ms = 0; ; ms += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (progress.admitted) return ms;
      jest.advanceTimersByTime(1);
    }
  }

  it('waits longer after each failure, up to a limit, and not after a success', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const failed: number[] = [];
    const gate = new PollGate(new TaskSlots(1), 1, {
      ...observer,
      pollFailed: (_, failures) => failed.push(failures),
    });
    const waits: number[] = [];
    for (let poll = 0; poll < 8; poll += 1) {
      waits.push(await waitOf(gate));
      gate.failed(ONE, new Error('away'));
    }
    expect(failed).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    [0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000].forEach((full, poll) => {
      expect(waits[poll]).toBeGreaterThanOrEqual(full / 2);
      expect(waits[poll]).toBeLessThanOrEqual(full);
    });
    await waitOf(gate);
    gate.answered(ONE, [], 5_000);
    expect(await waitOf(gate)).toBe(0);
  });

  it('does not busy-wait on an engine that answers at once without tasks', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const gate = new PollGate(new TaskSlots(1), 1, observer);
    await gate.admit();
    gate.answered(ONE, [], 1);
    expect(await waitOf(gate)).toBe(25);
    gate.answered(ONE, ['a'], 1);
    gate.released('a');
    expect(await waitOf(gate)).toBe(0);
  });

  it('shares the slots between polls and frees those that a poll did not use', async () => {
    const slots = new TaskSlots(5);
    const [first, second] = [new PollGate(slots, 0.5, observer), new PollGate(slots, 0.5, observer)];
    const [three, two] = [(await first.admit())!, (await second.admit())!];
    expect([three.count, two.count, slots.free]).toEqual([3, 2, 0]);
    first.answered(three, ['a'], 100);
    expect(slots.free).toBe(2);
    first.released('a');
    second.failed(two, new Error('x'));
    expect(slots.free).toBe(5);
  });

  it('delays a poll that waited for a slot when fetching was paused', async () => {
    const slots = new TaskSlots(1);
    const gate = new PollGate(slots, 1, observer);
    await gate.admit();
    gate.answered(ONE, ['a'], 100);
    const waiting = gate.admit();
    gate.pause();
    gate.released('a');
    await new Promise((resolve) => setImmediate(resolve));
    expect(slots.free).toBe(1);
    gate.resume();
    expect(await waiting).toEqual(ONE);
  });

  it.each([['waits for a slot'], ['is paused'], ['waits after a failure']])(
    'lets nothing through any more when it closes while a poll %s',
    async (what) => {
      const slots = new TaskSlots(1);
      const gate = new PollGate(slots, 1, observer);
      if (what === 'waits for a slot') await gate.admit();
      if (what === 'is paused') gate.pause();
      if (what === 'waits after a failure') gate.failed(NONE, new Error('x'));
      const waiting = gate.admit();
      await new Promise((resolve) => setImmediate(resolve));
      gate.close();
      gate.pause();
      expect([await waiting, await gate.admit()]).toEqual([null, null]);
    },
  );
});
