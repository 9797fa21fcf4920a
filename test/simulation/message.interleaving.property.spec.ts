import { describe, expect, it } from '@jest/globals';
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../src/embedded-engine/testing/property.runs.js';
import { MessageInterleaving } from './message.interleaving.js';
import { findViolation } from './seeded.run.js';

const SEEDS = propertyRuns(1_000);

describe('any interleaving of messages, other messages, ends, lost and late answers, and crashes', () => {
  it(
    'delivers each message at most once, and answers with what is true',
    async () => {
      expect(await findViolation((seed) => new MessageInterleaving(seed), 1, SEEDS)).toBeNull();
    },
    PROPERTY_TIMEOUT_MS,
  );

  it('replays a seed identically', async () => {
    const [first, second] = [new MessageInterleaving(7).traced(), new MessageInterleaving(7).traced()];
    await first.run();
    await second.run();
    expect(second.report()).toBe(first.report());
    expect(first.report().split('\n').length).toBeGreaterThan(5);
  });

  it.each([
    ['a message is sent again at once', { settlesAtOnce: true }, /was delivered 2 times/],
    ['the trace in the engine is ignored', { isTraceless: true }, /was delivered \d times/],
    ['a message is claimed twice', { claimsTwice: true }, /was delivered \d times/],
  ])(
    'detects the mutant: %s',
    async (_fault, mutant, violation) => {
      expect(await findViolation((seed) => new MessageInterleaving(seed, mutant), 1, SEEDS)).toMatch(
        violation,
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
