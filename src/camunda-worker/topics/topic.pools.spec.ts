import { describe, expect, it } from '@jest/globals';
import type { TaskPoolConfig } from '../../config/index.js';
import { assignPools } from './topic.pools.js';

const configured = (name: string, topics: readonly string[], more: Partial<TaskPoolConfig> = {}) => ({
  ...{ name, topics, maxTasks: null, lockDurationMs: null },
  ...more,
});

/** Topics by pool. */
function assign(
  declarations: readonly { readonly topic: string; readonly pool?: string }[],
  pools: readonly TaskPoolConfig[],
): Record<string, readonly string[]> {
  return Object.fromEntries(assignPools(declarations, pools).map(({ name, topics }) => [name, topics]));
}

describe('assignPools', () => {
  const TOPICS = [{ topic: 'order.check' }, { topic: 'order.charge', pool: 'slow' }, { topic: 'mail.send' }];

  it('has one pool for all topics unless something else is set', () => {
    expect(assignPools([{ topic: 'order.check' }, { topic: 'mail.send' }], [])).toEqual([
      { name: 'default', maxTasks: null, lockDurationMs: null, topics: ['order.check', 'mail.send'] },
    ]);
    expect(assignPools([], [])).toEqual([]);
  });

  it('follows the decorator', () => {
    expect(assign(TOPICS, [])).toEqual({ default: ['order.check', 'mail.send'], slow: ['order.charge'] });
  });

  it('gives a pool that the decorator names its configured limits', () => {
    const slow = configured('slow', [], { maxTasks: 5, lockDurationMs: 60_000 });
    expect(assignPools(TOPICS, [slow])[1]).toEqual({ ...slow, topics: ['order.charge'] });
  });

  it('lets the configuration move topics, one or all of a process', () => {
    expect(assign(TOPICS, [configured('orders', ['order.*'])])).toEqual({
      default: ['mail.send'],
      orders: ['order.check', 'order.charge'],
    });
    expect(
      assign(TOPICS, [configured('orders', ['order.*']), configured('checks', ['order.check'])]),
    ).toEqual({
      default: ['mail.send'],
      orders: ['order.charge'],
      checks: ['order.check'],
    });
    expect(assign(TOPICS, [configured('default', ['order.charge'])])).toEqual({
      default: ['order.check', 'order.charge', 'mail.send'],
    });
  });

  it('has no default pool if every topic is in another one', () => {
    expect(assign([{ topic: 'order.charge', pool: 'slow' }], [])).toEqual({ slow: ['order.charge'] });
  });

  it.each(['order.chrage', 'ordr.*', 'order', '*'])(
    'refuses the unknown topic %s, and lists the topics',
    (topic) => {
      expect(() => assign(TOPICS, [configured('slow', [topic])])).toThrow(
        `CAMUNDA_POOLS puts "${topic}" into the pool "slow", but no handler has this topic: correct or remove it. ` +
          'The topics with a handler: order.check, order.charge, mail.send.',
      );
    },
  );

  it('refuses a pool without a topic, and lists the pools', () => {
    expect(() => assign(TOPICS, [configured('slwo', [], { maxTasks: 5 })])).toThrow(
      'CAMUNDA_POOLS has the pool "slwo", but no topic is in it: correct its name, give it topics, or remove it. ' +
        'The pools with topics: default, slow.',
    );
  });
});
