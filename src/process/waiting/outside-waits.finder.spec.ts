import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ActivityTree, EngineWaitsClient } from '../../camunda-engine/index.js';
import type { EngineWaitsReader } from './engine-waits.reader.js';
import { OutsideWaitsFinder } from './outside-waits.finder.js';
import type { InstanceWaits, WaitingFor } from './waiting-for.js';

const activity = (
  id: string,
  activityType: string,
  children: readonly ActivityTree[] = [],
  transitions: readonly unknown[] = [],
): ActivityTree => ({
  id,
  activityType,
  childActivityInstances: children,
  childTransitionInstances: transitions,
});

const instance = (...children: readonly ActivityTree[]): ActivityTree =>
  activity('root', 'processDefinition', children);

const DEADLINE = 10_000;

const FOUND: InstanceWaits = {
  entries: [{ kind: 'userTask' } as WaitingFor],
  instanceIds: ['I'],
  isComplete: true,
  hasWork: false,
  firstDueAt: null,
};

describe('whether an instance only waits for something outside', () => {
  /** The trees of each instance, one for each reading; the last one stays. */
  let trees: Map<string, (ActivityTree | null)[]>;
  let waits: InstanceWaits | null;
  let calls: string[];
  let finder: OutsideWaitsFinder;

  beforeEach(() => {
    calls = [];
    trees = new Map();
    waits = FOUND;
    const client = {
      getActivityTree: async (id: string) => {
        calls.push(`tree ${id}`);
        const [first = null, ...rest] = trees.get(id) ?? [];
        if (rest.length > 0) trees.set(id, rest);
        return first;
      },
    } as unknown as EngineWaitsClient;
    const reader = {
      read: async (id: string) => {
        calls.push(`read ${id}`);
        return waits;
      },
    } as unknown as EngineWaitsReader;
    finder = new OutsideWaitsFinder(client, reader);
  });

  it.each(['userTask', 'receiveTask', 'intermediateMessageCatch', 'intermediateTimer', 'eventBasedGateway'])(
    'finds an instance at a %s',
    async (type) => {
      trees.set('I', [instance(activity('a', type))]);
      expect(await finder.find('I', DEADLINE)).toBe(waits);
      expect(calls).toEqual(['tree I', 'read I', 'tree I']);
    },
  );

  it.each([
    ['a step of a worker', [activity('s', 'serviceTask')]],
    ['a step beside a user task', [activity('u', 'userTask'), activity('s', 'serviceTask')]],
    ['a step in a sub-process', [activity('p', 'subProcess', [activity('s', 'sendTask')])]],
    ['a signal', [activity('s', 'intermediateSignalCatch')]],
    ['a step that the engine is about to begin', [activity('u', 'userTask', [], [{ id: 't' }])]],
    ['nothing that it shows', []],
  ])('finds in one call that an instance is at %s', async (_name, children) => {
    trees.set('I', [instance(...children)]);
    expect(await finder.find('I', DEADLINE)).toBeNull();
    expect(calls).toEqual(['tree I']);
  });

  it('does not find an instance that is gone, before or between the calls', async () => {
    expect(await finder.find('I', DEADLINE)).toBeNull();
    trees.set('I', [instance(activity('u', 'userTask'))]);
    waits = null;
    expect(await finder.find('I', DEADLINE)).toBeNull();
  });

  it('does not find an instance in which an activity has begun between the calls', async () => {
    trees.set('I', [instance(activity('u1', 'userTask')), instance(activity('u2', 'userTask'))]);
    expect(await finder.find('I', DEADLINE)).toBeNull();
    expect(calls).toEqual(['tree I', 'read I', 'tree I']);
  });

  it.each<[string, Partial<InstanceWaits>]>([
    ['an external task or an incident', { hasWork: true }],
    ['called instances that were not looked at', { isComplete: false }],
    ['nothing that can be shown', { entries: [] }],
    ['a timer that falls due at the deadline', { firstDueAt: DEADLINE }],
  ])('does not find an instance with %s', async (_name, more) => {
    trees.set('I', [instance(activity('u', 'userTask'))]);
    waits = { ...FOUND, ...more };
    expect(await finder.find('I', DEADLINE)).toBeNull();
  });

  it('finds an instance with a timer that falls due after the deadline', async () => {
    trees.set('I', [instance(activity('u', 'userTask'))]);
    waits = { ...FOUND, firstDueAt: DEADLINE + 1 };
    expect(await finder.find('I', DEADLINE)).toBe(waits);
  });

  describe('with a called instance', () => {
    beforeEach(() => {
      trees.set('I', [instance(activity('c', 'callActivity'))]);
      waits = { ...FOUND, instanceIds: ['I', 'C'] };
    });

    it('finds it if the called instance waits for something outside too', async () => {
      trees.set('C', [instance(activity('u', 'userTask'))]);
      expect(await finder.find('I', DEADLINE)).toBe(waits);
      expect(calls).toHaveLength(7);
    });

    it('does not find it if a step runs in the called instance, or if it calls another one', async () => {
      trees.set('C', [instance(activity('s', 'serviceTask'))]);
      expect(await finder.find('I', DEADLINE)).toBeNull();
      trees.set('C', [instance(activity('d', 'callActivity'))]);
      expect(await finder.find('I', DEADLINE)).toBeNull();
    });

    it('does not find it if a called instance begins a step between the calls', async () => {
      trees.set('C', [instance(activity('u', 'userTask')), instance(activity('s', 'serviceTask'))]);
      expect(await finder.find('I', DEADLINE)).toBeNull();
    });
  });
});
