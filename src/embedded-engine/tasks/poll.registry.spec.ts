import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { LockedExternalTask, PendingFetch } from './fetch-and-lock.types.js';
import { EngineHarness, variables } from '../testing/engine.harness.js';
import { bpmn, sequence } from '../testing/process.builder.js';
import { RecordingStore } from '../testing/recording.store.js';

let store: RecordingStore;
let h: EngineHarness;

beforeEach(async () => {
  jest.useFakeTimers({ now: 1_000_000, doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  store = new RecordingStore();
  h = await EngineHarness.open({ store, clock: Date.now });
  await h.deploy(bpmn(sequence('p', 'A', 'B'), sequence('q', 'C')));
});

afterEach(async () => {
  await h.engine.close();
  jest.useRealTimers();
});

/** What a poll has been answered so far; null: nothing. */
async function answerOf(poll: PendingFetch): Promise<readonly LockedExternalTask[] | null> {
  let answer: readonly LockedExternalTask[] | null = null;
  poll.tasks.then(
    (tasks) => {
      answer = tasks;
    },
    () => undefined,
  );
  await new Promise((resolve) => setImmediate(resolve));
  return answer;
}

/** Cancels a poll of the worker `gone`, which holds a task of a commit that waits: the worker `next` has it then. */
async function expectGivenBack(gone: PendingFetch, next: PendingFetch): Promise<void> {
  expect(h.engine.externalTasks.count({ workerId: 'gone' })).toBe(1);
  gone.cancel();
  expect(await gone.tasks).toEqual([]);
  expect(h.engine.externalTasks.find({}).map(({ workerId }) => workerId)).toEqual(['next']);
  expect(await answerOf(next)).toBeNull();
  store.settle();
  store.settle();
  expect(await next.tasks).toMatchObject([{ workerId: 'next' }]);
}

describe('a long poll', () => {
  it('returns available tasks at once', async () => {
    await h.start('p');
    expect(await h.poll('A').tasks).toHaveLength(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is served by a new task, in the order of arrival, each up to its number', async () => {
    const first = h.poll('A', { workerId: 'one', maxTasks: 1 });
    const second = h.poll('A', { workerId: 'two' });
    const elsewhere = h.poll('C');
    await h.start('p');
    expect(await first.tasks).toMatchObject([{ workerId: 'one' }]);
    expect(await answerOf(second)).toBeNull();
    await h.start('p');
    expect(await second.tasks).toMatchObject([{ workerId: 'two' }]);
    expect(await answerOf(elsewhere)).toBeNull();
  });

  it('ignores a task that does not match its filters', async () => {
    const picky = h.poll([{ topicName: 'A', lockDuration: 10, businessKey: 'mine' }]);
    const any = h.poll('A');
    await h.start('p', {}, 'yours');
    expect(await any.tasks).toHaveLength(1);
    expect(await answerOf(picky)).toBeNull();
    await h.start('p', {}, 'mine');
    expect(await picky.tasks).toHaveLength(1);
  });

  it('is served when a task is unlocked', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('A', { workerId: 'v' });
    await h.engine.externalTasks.unlock(id);
    expect(await poll.tasks).toMatchObject([{ id, workerId: 'v' }]);
  });

  it('is served when a lock expires, to the millisecond, in one commit', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('A', { workerId: 'v' });
    await jest.advanceTimersByTimeAsync(999);
    expect(await answerOf(poll)).toBeNull();
    store.commits.length = 0;
    await jest.advanceTimersByTimeAsync(1);
    expect(await poll.tasks).toMatchObject([{ id, workerId: 'v', lockExpirationTime: Date.now() + 1_000 }]);
    expect(store.commits.map(({ tasks }) => [...tasks.keys()])).toEqual([[id]]);
  });

  it('is served when a retry falls due', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('A');
    await h.fail(id, 1, 300);
    await jest.advanceTimersByTimeAsync(300);
    expect(await poll.tasks).toMatchObject([{ id, retries: 1 }]);
  });

  it('waits for the extended lock, not for the first', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('A');
    await jest.advanceTimersByTimeAsync(900);
    await h.engine.externalTasks.extendLock(id, 'w', 1_000);
    await jest.advanceTimersByTimeAsync(999);
    expect(await answerOf(poll)).toBeNull();
    await jest.advanceTimersByTimeAsync(1);
    expect(await poll.tasks).toHaveLength(1);
  });

  it('is not overtaken by a later one when a task falls due', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const early = h.poll('A', { workerId: 'early' });
    // The clock reaches the due time before the timer fires, so the later fetch finds the task first.
    jest.setSystemTime(Date.now() + 1_000);
    const late = h.poll('A', { workerId: 'late' });
    expect(await early.tasks).toMatchObject([{ id, workerId: 'early' }]);
    expect(await answerOf(late)).toBeNull();
  });

  it('is served by a task that another request found due', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('A');
    jest.setSystemTime(Date.now() + 1_000);
    expect(await h.fetch('C')).toEqual([]);
    expect(await poll.tasks).toMatchObject([{ id }]);
  });

  it('is served by a task that becomes due during a command', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    const poll = h.poll('A');
    jest.setSystemTime(Date.now() + 1_000);
    await h.start('q');
    expect(await poll.tasks).toMatchObject([{ id }]);
  });

  it('returns no tasks after its timeout', async () => {
    const poll = h.poll('A', { asyncResponseTimeout: 500 });
    await jest.advanceTimersByTimeAsync(500);
    expect(await poll.tasks).toEqual([]);
    poll.cancel();
    await h.start('p');
    expect(h.engine.externalTasks.count({ locked: true })).toBe(0);
  });

  it.each([null, 0])('with the time-out %s does not wait', async (asyncResponseTimeout) => {
    expect(await h.poll('A', { asyncResponseTimeout }).tasks).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('that is cancelled locks no more tasks', async () => {
    const gone = h.poll('A', { workerId: 'gone' });
    const next = h.poll('A', { workerId: 'next' });
    gone.cancel();
    expect(await gone.tasks).toEqual([]);
    await h.start('p');
    expect(await next.tasks).toMatchObject([{ workerId: 'next' }]);
  });

  it.each([
    ['when it was parked', false],
    ['when it found them at once', true],
  ])('that is cancelled before its locks are durable releases them, %s', async (_when, atOnce) => {
    if (atOnce) await h.start('p');
    store.slow = true;
    const early = atOnce ? null : h.poll('A', { workerId: 'gone' });
    const started = atOnce ? Promise.resolve() : h.start('p');
    const gone = early ?? h.poll('A', { workerId: 'gone' });
    const next = h.poll('A', { workerId: 'next' });
    await expectGivenBack(gone, next);
    await started;
  });

  it('is rejected if 200 wait already', async () => {
    const waiting = Array.from({ length: 200 }, () => h.poll('none'));
    await expect(h.poll('none').tasks).rejects.toMatchObject({ kind: 'TooManyRequests' });
    await h.start('p');
    expect(await h.poll('A').tasks).toHaveLength(1);
    waiting[0]?.cancel();
    const next = h.poll('none');
    expect(await answerOf(next)).toBeNull();
    next.cancel();
    for (const poll of waiting) poll.cancel();
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is rejected when the engine closes, and no timer remains', async () => {
    await h.start('p');
    await h.take('A');
    const poll = h.poll('A');
    const closed = h.engine.close();
    await expect(poll.tasks).rejects.toMatchObject({ kind: 'Shutdown' });
    await closed;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can wait longer than the longest timer', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    await h.engine.externalTasks.lock(id, 'w', 3_000_000_000);
    const poll = h.poll('A', { asyncResponseTimeout: 1_800_000 });
    expect(await answerOf(poll)).toBeNull();
    await h.engine.externalTasks.unlock(id);
    expect(await poll.tasks).toHaveLength(1);
  });

  it('is rejected when the store rejects the lock of a task that became due', async () => {
    await h.start('p');
    await h.take('A');
    const poll = h.poll('A');
    const refused = expect(poll.tasks).rejects.toThrow('disk full');
    store.slow = true;
    await jest.advanceTimersByTimeAsync(1_000);
    store.settle(new Error('disk full'));
    await refused;
  });

  it('is rejected when the store rejects the lock of a task that another request found due', async () => {
    await h.start('p');
    await h.take('A');
    const poll = h.poll('A');
    store.slow = true;
    jest.setSystemTime(Date.now() + 1_000);
    const other = h.poll('C');
    const refused = [
      expect(poll.tasks).rejects.toThrow('disk full'),
      expect(other.tasks).rejects.toThrow('disk full'),
    ];
    store.settle(new Error('disk full'));
    await Promise.all(refused);
  });
});

describe('a fetch of a caller that shares the process', () => {
  const SHARED = { workerId: 'mine', sharesProcess: true };

  it('is answered without its own commit', async () => {
    await h.start('p');
    store.commits.length = 0;
    store.slow = true;
    expect(await h.poll('A', SHARED).tasks).toMatchObject([{ workerId: 'mine' }]);
    expect(store.commits).toEqual([]);
    expect(store.deferrableCommits.map(({ tasks }) => [...tasks.values()])).toMatchObject([
      [{ workerId: 'mine' }],
    ]);
  });

  it('commits nothing if it finds nothing', async () => {
    expect(await h.fetch('A', SHARED)).toEqual([]);
    expect(store.deferrableCommits).toEqual([]);
  });

  it('is answered only when the completion that created its task is durable', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    store.slow = true;
    const completed = h.complete(id);
    const poll = h.poll('B', SHARED);
    expect(await answerOf(poll)).toBeNull();
    expect(store.unsettled).toBe(1);
    store.settle();
    expect(await poll.tasks).toMatchObject([{ topicName: 'B', workerId: 'mine' }]);
    await completed;
  });

  it('waits for the commit that served it if it had to wait', async () => {
    store.slow = true;
    const poll = h.poll('A', SHARED);
    const started = h.start('p');
    expect(await answerOf(poll)).toBeNull();
    store.settle();
    expect(await poll.tasks).toHaveLength(1);
    expect(store.deferrableCommits).toEqual([]);
    await started;
  });

  it('does not answer a caller from outside before its commit', async () => {
    await h.start('p');
    store.slow = true;
    const poll = h.poll('A', { workerId: 'theirs' });
    expect(await answerOf(poll)).toBeNull();
    store.settle();
    expect(await poll.tasks).toMatchObject([{ workerId: 'theirs' }]);
    expect(store.deferrableCommits).toEqual([]);
  });

  it('waits for the commit together with a caller from outside that is served in the same call', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    await h.start('q');
    const theirs = h.poll('A', { workerId: 'theirs' });
    store.commits.length = 0;
    store.slow = true;
    jest.setSystemTime(Date.now() + 1_000);
    const mine = h.poll('C', SHARED);
    expect([await answerOf(theirs), await answerOf(mine)]).toEqual([null, null]);
    store.settle();
    expect(await theirs.tasks).toMatchObject([{ id, workerId: 'theirs' }]);
    expect(await mine.tasks).toMatchObject([{ topicName: 'C', workerId: 'mine' }]);
    expect(store.commits.map(({ tasks }) => tasks.size)).toEqual([2]);
    expect(store.deferrableCommits).toEqual([]);
  });

  it('is rejected without tasks if the store rejected an earlier commit', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    store.slow = true;
    const completed = expect(h.complete(id)).rejects.toThrow('disk full');
    const poll = h.poll('B', SHARED);
    store.settle(new Error('disk full'));
    await expect(poll.tasks).rejects.toThrow('disk full');
    await completed;
    await expect(h.poll('B', SHARED).tasks).rejects.toThrow('disk full');
  });

  it('is rejected if any earlier commit was rejected, even if the last one settles', async () => {
    await h.start('p');
    const { id } = await h.take('A');
    store.slow = true;
    const refused = [
      expect(h.start('q')).rejects.toThrow('disk full'),
      expect(h.complete(id)).rejects.toThrow('disk full'),
    ];
    const poll = h.poll('B', SHARED);
    store.settle(new Error('disk full'));
    store.settle();
    await expect(poll.tasks).rejects.toThrow('disk full');
    await Promise.all(refused);
  });

  it('stops the engine when the store rejects a deferrable commit', async () => {
    await h.start('p');
    jest.spyOn(store, 'commitDeferrable').mockRejectedValueOnce(new Error('disk full'));
    await expect(h.poll('A', SHARED).tasks).rejects.toThrow('disk full');
    await expect(h.start('p')).rejects.toThrow('disk full');
  });

  it('releases its tasks if it is cancelled before the answer', async () => {
    store.slow = true;
    const started = h.start('p');
    const gone = h.poll('A', { ...SHARED, workerId: 'gone' });
    const next = h.poll('A', { ...SHARED, workerId: 'next' });
    await expectGivenBack(gone, next);
    await started;
  });

  it('leaves its task to waiting polls when its lock expires', async () => {
    const { id } = await h.start('p', { ready: false });
    const subscription = {
      topicName: 'A',
      lockDuration: 1_000,
      processVariables: new Map([['ready', true]]),
    };
    const poll = h.poll([subscription], { workerId: 'v' });
    await h.engine.runtime.changeVariables(id, variables({ ready: true }), []);
    const [task] = await h.fetch('A', SHARED);
    await jest.advanceTimersByTimeAsync(999);
    expect(await answerOf(poll)).toBeNull();
    await jest.advanceTimersByTimeAsync(1);
    expect(await poll.tasks).toMatchObject([{ id: task?.id, workerId: 'v' }]);
  });
});
