import { describe, expect, it } from '@jest/globals';
import { type Admission, TaskSlots } from './task-slots.js';

const { signal } = new AbortController();
const topicsNamed = (...names: string[]) => names.map((topic) => ({ topic, maxParallel: undefined }));
const asked = (admission: Admission | null) => [
  admission?.count,
  admission?.topics === null ? 'all' : [...(admission?.topics ?? [])],
  admission?.isPartial,
];

describe('TaskSlots', () => {
  it.each([
    [50, 80, 2, 40],
    [3, 80, 2, 2],
    [3, 1, 2, 1],
    [2, 80, 2, 2],
    [50, 100, 2, 50],
    [50, 80, 1, 50],
  ])('of %i with a share of %i %% lets one of %i topics hold %i', (capacity, share, topics, limit) => {
    const slots = new TaskSlots(capacity, { share, topics: topicsNamed(...['a', 'b'].slice(0, topics)) });
    expect(slots.limitOf('a')).toBe(limit);
  });

  it('lets two polls together fetch no more tasks of a topic than its limit', async () => {
    const slots = new TaskSlots(10, { share: 80, topics: topicsNamed('a', 'b') });
    const first = (await slots.take(0.5, signal))!;
    const second = (await slots.take(0.5, signal))!;
    expect([asked(first), asked(second), slots.free]).toEqual([[4, 'all', false], [4, 'all', false], 2]);
    slots.settle(first, ['a', 'a', 'a', 'a']);
    slots.settle(second, ['a', 'a', 'a', 'a']);
    expect(asked(await slots.take(0.5, signal))).toEqual([2, ['b'], true]);
  });

  it('requests a topic again when it has free slots, and the full number of tasks only if all topics have as many', async () => {
    const slots = new TaskSlots(10, { share: 80, topics: topicsNamed('a', 'b') });
    const first = (await slots.take(1, signal))!;
    slots.settle(
      first,
      Array.from({ length: 8 }, () => 'a'),
    );
    slots.release('a');
    // Topic a has one free slot, b has eight, and three slots are free in total.
    const polls: unknown[] = [];
    for (let poll = 0; poll < 2; poll += 1) {
      const admission = (await slots.take(1, signal))!;
      polls.push(asked(admission));
      slots.settle(admission, []);
    }
    expect(polls).toEqual([
      [1, ['a', 'b'], false],
      [3, ['b'], true],
    ]);
  });

  it('needs no short poll for a topic that another poll requests', async () => {
    const slots = new TaskSlots(10, {
      share: 100,
      topics: [
        { topic: 'a', maxParallel: 1 },
        { topic: 'b', maxParallel: undefined },
      ],
    });
    expect(asked(await slots.take(0.5, signal))).toEqual([1, ['a', 'b'], false]);
    expect(asked(await slots.take(0.5, signal))).toEqual([5, ['b'], false]);
  });

  it('waits if no topic has a free slot, although slots are free, until a task ends', async () => {
    const slots = new TaskSlots(10, {
      share: 100,
      topics: [
        { topic: 'a', maxParallel: 1 },
        { topic: 'b', maxParallel: 1 },
      ],
    });
    const first = (await slots.take(1, signal))!;
    slots.settle(first, ['a']);
    const second = (await slots.take(1, signal))!;
    expect(asked(second)).toEqual([1, ['b'], true]);
    slots.settle(second, ['b']);
    const seen: unknown[] = [];
    const waiting = slots.take(1, signal).then((admission) => seen.push(asked(admission)));
    await new Promise((resolve) => setImmediate(resolve));
    expect([seen, slots.free]).toEqual([[], 8]);
    slots.release('a');
    await waiting;
    expect(seen).toEqual([[1, ['a'], true]]);
  });

  it('stops waiting when its signal aborts', async () => {
    const slots = new TaskSlots(1);
    const admission = (await slots.take(1, signal))!;
    const abort = new AbortController();
    const waiting = slots.take(1, abort.signal);
    abort.abort();
    expect([await waiting, admission.count, slots.free]).toEqual([null, 1, 0]);
  });

  it('never holds more slots than it has, with any results of polls', async () => {
    const slots = new TaskSlots(7, {
      share: 60,
      topics: [...topicsNamed('a', 'b'), { topic: 'c', maxParallel: 1 }],
    });
    const running: string[] = [];
    let seed = 1;
    const random = (n: number): number => (seed = (seed * 48_271) % 2_147_483_647) % n;
    const idle = AbortSignal.abort();
    for (let turn = 0; turn < 2_000; turn += 1) {
      const admission = await slots.take(0.5, slots.free === 0 ? idle : AbortSignal.timeout(5));
      if (admission !== null) {
        const may = [...(admission.topics ?? ['a', 'b', 'c'])];
        const brought = Array.from({ length: random(admission.count + 1) }, () => may[random(may.length)]!);
        slots.settle(admission, brought);
        running.push(...brought);
      }
      for (const topic of ['a', 'b', 'c']) {
        expect(running.filter((each) => each === topic).length).toBeLessThanOrEqual(slots.limitOf(topic));
      }
      expect(slots.free).toBe(7 - running.length);
      if (running.length > 0 && random(3) > 0) slots.release(running.splice(random(running.length), 1)[0]!);
    }
  });
});
