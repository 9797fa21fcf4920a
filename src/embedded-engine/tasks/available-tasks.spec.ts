import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ExternalTaskRecord } from '../state/records.types.js';
import { TASK } from '../rest/testing/records.js';
import { AvailableTasks } from './available-tasks.js';

let tasks: Map<string, ExternalTaskRecord>;
let now: number;
let available: AvailableTasks;

beforeEach(() => {
  tasks = new Map();
  now = 1_000;
  available = new AvailableTasks(
    (id) => tasks.get(id),
    () => now,
  );
});

function put(id: string, change: Partial<ExternalTaskRecord> = {}): void {
  const task = { ...TASK, id, lockExpirationTime: null, retries: null, ...change };
  tasks.set(id, task);
  available.update(id, task);
}

const ids = () => [...available.ids('charge', true)];

describe('available tasks', () => {
  it('are those that are not locked, suspended or without retries', () => {
    put('free');
    put('expired', { lockExpirationTime: 1_000 });
    put('locked', { lockExpirationTime: 1_001 });
    put('suspended', { suspended: true });
    put('failed', { retries: 0 });
    expect(ids()).toEqual(['free', 'expired']);
    expect([...available.ids('other', false)]).toEqual([]);
    put('free', { suspended: true });
    expect(ids()).toEqual(['expired']);
  });

  it('include a task whose lock has expired, unless it has changed meanwhile', () => {
    put('a', { lockExpirationTime: 1_500 });
    put('b', { lockExpirationTime: 1_200 });
    put('c', { lockExpirationTime: 1_300 });
    put('c', { lockExpirationTime: 1_300, retries: 0 });
    put('d', { lockExpirationTime: 1_250 });
    tasks.delete('d');
    available.update('d', null);
    put('b', { lockExpirationTime: 1_600 });
    expect(available.nextDue()).toBe(1_500);
    available.promote(1_499);
    expect(ids()).toEqual([]);
    available.promote(1_500);
    expect(ids()).toEqual(['a']);
    available.promote(1_600);
    expect(ids()).toEqual(['a', 'b']);
    expect(available.nextDue()).toBeUndefined();
  });

  it('return the topics with new tasks since the last call', () => {
    put('a');
    put('b', { topicName: 'ship', lockExpirationTime: 1_500 });
    expect([...available.takeChangedTopics()]).toEqual(['charge']);
    expect(available.takeChangedTopics().size).toBe(0);
    available.promote(1_500);
    expect([...available.takeChangedTopics()]).toEqual(['ship']);
  });

  it('stay correct when stale due times are removed', () => {
    put('kept', { lockExpirationTime: 90_000 });
    for (let n = 0; n < 20_000; n += 1) {
      put('busy', { lockExpirationTime: 50_000 + n });
    }
    expect(available.nextDue()).toBe(69_999);
    available.promote(90_000);
    expect(ids()).toEqual(['busy', 'kept']);
  });
});
