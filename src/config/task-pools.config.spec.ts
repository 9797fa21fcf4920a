import { describe, expect, it } from '@jest/globals';
import { createConfiguration } from './configuration.js';

const read = (pools: string) => createConfiguration({ CAMUNDA_POOLS: pools }).camunda.pools;

describe('CAMUNDA_POOLS', () => {
  it('reads pools with their topics and limits', () => {
    expect(
      read('{"slow":{"topics":["order.charge"],"maxTasks":10,"lockDurationMs":60000},"mail":{}}'),
    ).toEqual([
      { name: 'slow', topics: ['order.charge'], maxTasks: 10, lockDurationMs: 60_000 },
      { name: 'mail', topics: [], maxTasks: null, lockDurationMs: null },
    ]);
    expect(createConfiguration({}).camunda.pools).toEqual([]);
    expect(read('')).toEqual([]);
  });

  it.each([
    ['slow=order.charge', 'CAMUNDA_POOLS must be JSON like {"slow":{"topics":["order.charge"]'],
    ['[]', 'CAMUNDA_POOLS must be JSON like'],
    ['{"slow":{"maxTask":1}}', '(slow: '],
    ['{"slow":{"maxTasks":0}}', '(slow.maxTasks: '],
    ['{"slow":{"lockDurationMs":1}}', '(slow.lockDurationMs: '],
    ['{"Slow":{}}', 'CAMUNDA_POOLS has the pool name "Slow": use lower-case letters, digits and hyphens'],
    ['{"default":{"maxTasks":9}}', 'must not limit the pool "default": set CAMUNDA_MAX_TASKS'],
    [
      '{"a":{"topics":["x.y"]},"b":{"topics":["x.y"]}}',
      'has the topic "x.y" twice, in "a" and "b": keep one',
    ],
  ])('refuses %s', (pools, message) => {
    expect(() => read(pools)).toThrow(message);
  });
});
