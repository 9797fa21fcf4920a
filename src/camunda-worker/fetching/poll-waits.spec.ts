import { beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { PollWaits, type SentPoll } from './poll-waits.js';

Logger.overrideLogger(false);

const TOPICS = new Set(['a', 'b']);

describe('PollWaits', () => {
  let now: number;
  let waits: PollWaits;

  const create = (longestMs: number, shortestMs: number): PollWaits => {
    now = 1_000_000;
    return new PollWaits(longestMs, shortestMs, () => now);
  };

  beforeEach(() => {
    waits = create(5_000, 200);
  });

  const begin = (): SentPoll => waits.begin(TOPICS);
  const pass = (ms: number): void => {
    now += ms;
  };

  /** Ends a poll with one task of an age; null: its age is unknown, or it is a retry. */
  const bring = (poll: SentPoll, ageMs: number | null, topicName = 'a'): void => {
    waits.answered(poll, 1, () => [{ topicName, ageMs }]);
  };

  /** A poll that runs to its end and then brings a task of an age. */
  const runToEnd = (ageMs: number | null, topicName = 'a'): void => {
    const poll = begin();
    pass(poll.waitMs + 10);
    bring(poll, ageMs, topicName);
  };

  /** A poll that the engine wakes at once for a new task. */
  const wakeAtOnce = (afterMs = 150): void => {
    const poll = begin();
    pass(afterMs);
    bring(poll, 5);
  };

  /** Misses as many tasks as it takes to reach the shortest wait. */
  const shorten = (): void => {
    for (let n = 0; n < 3; n += 1) runToEnd(3_000);
    runToEnd(800);
    runToEnd(400);
  };

  it('shortens the polls step by step while tasks come late', () => {
    const seen = [waits.state.waitMs];
    for (const ageMs of [3_000, 2_000, 4_000, 800, 400, 400]) {
      runToEnd(ageMs);
      seen.push(waits.state.waitMs);
    }
    expect(seen).toEqual([5_000, 5_000, 5_000, 1_000, 500, 200, 200]);
    // A poll of 200 ms cannot show a task that is 250 ms late.
    expect(waits.state).toEqual({ waitMs: 200, isShortened: true, missedTasks: 5 });
  });

  it('counts a task that a later poll finds on arrival while an earlier poll waits elsewhere', () => {
    for (let n = 0; n < 3; n += 1) {
      const waiting = begin();
      pass(2_000);
      const next = begin();
      pass(20);
      bring(next, 1_500);
      waits.answered(waiting, 0, () => []);
    }
    expect(waits.state).toMatchObject({ waitMs: 1_000, missedTasks: 3 });
  });

  it.each([
    ['is a retry, or has no times', null],
    ['was created before the poll was sent', 60_000],
    ['was fetched in time', 20],
  ])('does not count a task that %s', (_, ageMs) => {
    for (let n = 0; n < 50; n += 1) runToEnd(ageMs);
    expect(waits.state).toEqual({ waitMs: 5_000, isShortened: false, missedTasks: 0 });
  });

  it('does not count a task that alone ends a waiting poll: its transaction was long', () => {
    for (let n = 0; n < 50; n += 1) {
      const poll = begin();
      pass(3_000);
      bring(poll, 2_000);
    }
    expect(waits.state.missedTasks).toBe(0);
  });

  it('counts a task that comes with a new one, which woke the poll', () => {
    for (let n = 0; n < 3; n += 1) {
      const poll = begin();
      pass(3_000);
      waits.answered(poll, 2, () => [
        { topicName: 'a', ageMs: 2_000 },
        { topicName: 'b', ageMs: 5 },
      ]);
    }
    expect(waits.state).toMatchObject({ waitMs: 1_000, missedTasks: 3 });
  });

  it('counts the tasks of one answer as one case: a pause of the engine delays many', () => {
    const poll = begin();
    pass(5_010);
    waits.answered(poll, 9, () => Array.from({ length: 9 }, () => ({ topicName: 'a', ageMs: 3_000 })));
    expect(waits.state).toEqual({ waitMs: 5_000, isShortened: false, missedTasks: 9 });
  });

  it('shortens them although tasks come in time between the late ones', () => {
    for (let n = 0; n < 3; n += 1) {
      for (let m = 0; m < 20; m += 1) wakeAtOnce(1_000);
      runToEnd(3_000);
    }
    expect(waits.state.waitMs).toBe(1_000);
  });

  it('does not count the small delays of a busy engine while polls are long', () => {
    for (let n = 0; n < 50; n += 1) runToEnd(600);
    expect(waits.state.missedTasks).toBe(0);
  });

  it('does not count a backlog, which no poll awaited', () => {
    for (let n = 0; n < 50; n += 1) {
      pass(100);
      const poll = begin();
      pass(5);
      bring(poll, 2_000 + n);
    }
    expect(waits.state.missedTasks).toBe(0);
  });

  it('does not count a topic that no open poll requested', () => {
    for (let n = 0; n < 5; n += 1) {
      const other = waits.begin(new Set(['b']));
      pass(5_010);
      waits.answered(other, 1, () => [{ topicName: 'a', ageMs: 3_000 }]);
    }
    expect(waits.state.missedTasks).toBe(0);
  });

  it('ignores single late tasks among many that come in time', () => {
    for (let round = 0; round < 20; round += 1) {
      runToEnd(3_000);
      for (let n = 0; n < 100; n += 1) wakeAtOnce(400);
    }
    expect(waits.state).toEqual({ waitMs: 5_000, isShortened: false, missedTasks: 20 });
  });

  it('does not read the times of tasks that come soon after their poll was sent', () => {
    const poll = begin();
    pass(100);
    waits.answered(poll, 1, () => {
      throw new Error('read');
    });
    expect(waits.state.missedTasks).toBe(0);
  });

  it('lengthens the polls again when no task is missed', () => {
    shorten();
    const seen: number[] = [];
    for (let n = 0; n < 3_000; n += 1) {
      wakeAtOnce();
      if (seen.at(-1) !== waits.state.waitMs) seen.push(waits.state.waitMs);
    }
    expect(seen).toEqual([200, 500, 1_000, 5_000]);
    expect(waits.state.isShortened).toBe(false);
  });

  it('does not lengthen them while there are no tasks that could be missed', () => {
    shorten();
    for (let n = 0; n < 10_000; n += 1) {
      const poll = begin();
      pass(poll.waitMs);
      waits.answered(poll, 0, () => []);
    }
    expect(waits.state.waitMs).toBe(200);
  });

  it('tries a longer wait more and more seldom while it misses a task each time', () => {
    shorten();
    const trials: number[] = [];
    for (let n = 0; n < 4; n += 1) {
      const began = now;
      while (waits.state.waitMs === 200) wakeAtOnce();
      trials.push(Math.round((now - began) / 60_000));
      runToEnd(300);
      expect(waits.state.waitMs).toBe(200);
    }
    expect(trials).toEqual([1, 2, 4, 8]);
  });

  it('judges a shorter wait only by polls that were sent with it', () => {
    for (let n = 0; n < 2; n += 1) runToEnd(3_000);
    const [one, other] = [begin(), begin()];
    pass(5_010);
    bring(one, 3_000);
    expect(waits.state.waitMs).toBe(1_000);
    bring(other, 3_000);
    expect(waits.state.waitMs).toBe(1_000);
  });

  it('lets one of two polls of the same topics end at each half of a shorter wait', () => {
    shorten();
    expect([begin().waitMs, begin().waitMs]).toEqual([200, 100]);
    expect(waits.begin(new Set(['c'])).waitMs).toBe(200);
    // The engine expects whole milliseconds.
    waits = create(5_000, 75);
    shorten();
    expect([begin().waitMs, begin().waitMs]).toEqual([75, 38]);
  });

  it('never shortens them at or below the limit', () => {
    waits = create(5_000, 1_000);
    for (let n = 0; n < 20; n += 1) runToEnd(800);
    expect(waits.state.waitMs).toBe(1_000);
    for (const [longestMs, shortestMs] of [
      [2_000, Infinity],
      [0, 200],
      [150, 200],
    ] as const) {
      waits = create(longestMs, shortestMs);
      for (let n = 0; n < 20; n += 1) runToEnd(300);
      expect(waits.state).toEqual({ waitMs: longestMs, isShortened: false, missedTasks: 0 });
    }
  });

  it('forgets a poll that failed', () => {
    for (let n = 0; n < 5; n += 1) {
      waits.failed(begin());
      pass(4_000);
      const poll = begin();
      pass(10);
      bring(poll, 3_000);
    }
    expect(waits.state.missedTasks).toBe(0);
  });
});
