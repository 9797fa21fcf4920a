import { describe, expect, it } from '@jest/globals';
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../src/embedded-engine/testing/property.runs.js';
import { Interleaving } from './interleaving.js';
import { ANSWER_BEFORE_COMMIT, HINTS_WITHOUT_LOOK, NO_SECOND_LOOK, WAITER_AFTER_START } from './mutants.js';
import { findViolation } from './seeded.run.js';

const SEEDS = propertyRuns(1_000);

describe('any interleaving of starts, completions, cancels, lost hints, timeouts and crashes', () => {
  it(
    'loses no outcome, answers no request twice or late, and answers only with committed state',
    async () => {
      expect(await findViolation((seed) => new Interleaving(seed), 1, SEEDS)).toBeNull();
    },
    PROPERTY_TIMEOUT_MS,
  );

  it('replays a seed identically', async () => {
    const [first, second] = [new Interleaving(7).traced(), new Interleaving(7).traced()];
    await first.run();
    await second.run();
    expect(second.report()).toBe(first.report());
    expect(first.report().split('\n').length).toBeGreaterThan(10);
  });

  it.each([
    ['the waiter is registered after the start', WAITER_AFTER_START, /answered \d+ ms too late/],
    ['an attach does not read the row again', NO_SECOND_LOOK, /answered \d+ ms too late/],
    ['the answer comes before the compare-and-set is durable', ANSWER_BEFORE_COMMIT, /was not durable/],
    ['hints get lost and the waiters are not refreshed', HINTS_WITHOUT_LOOK, /answered \d+ ms too late/],
  ])(
    'detects the mutant: %s',
    async (_fault, mutant, violation) => {
      const report = await findViolation((seed) => new Interleaving(seed, mutant), 1, SEEDS);
      expect(report).toMatch(violation);
    },
    PROPERTY_TIMEOUT_MS,
  );
});
