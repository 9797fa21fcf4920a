import { describe, expect, it } from '@jest/globals';
import { PROPERTY_TIMEOUT_MS, propertyRuns } from '../../src/embedded-engine/testing/property.runs.js';
import { TaskInterleaving } from './task.interleaving.js';
import { findViolation } from './seeded.run.js';

const SEEDS = propertyRuns(1_000);

describe('any interleaving of completions of a task, cancels, lost and late answers, and crashes', () => {
  it(
    'ends each task once, answers with what is true, and has one row in the trail for each answer',
    async () => {
      expect(await findViolation((seed) => new TaskInterleaving(seed), 1, SEEDS)).toBeNull();
    },
    PROPERTY_TIMEOUT_MS,
  );

  it('reaches the gap of decision 0029: two clients are answered as done, because one got no answer', async () => {
    let twins = 0;
    for (let seed = 1; seed <= SEEDS && twins === 0; seed += 1) {
      const run = new TaskInterleaving(seed);
      expect(await run.run()).toEqual([]);
      if (run.hasTwins) twins += 1;
    }
    expect(twins).toBe(1);
  });

  it('replays a seed identically', async () => {
    const [first, second] = [new TaskInterleaving(7).traced(), new TaskInterleaving(7).traced()];
    await first.run();
    await second.run();
    expect(second.report()).toBe(first.report());
    expect(first.report().split('\n').length).toBeGreaterThan(5);
  });

  it.each([
    ['a completion is forgotten', { forgetsCompletions: true }, /was answered ended|completed is false/],
    ['a removed task counts as completed', { invents: true }, /was answered as done|completed is true/],
    ['the loser of a race gets no refusal', { hidesRefusals: true }, /was answered as done, and t\d-/],
    ['the trail loses an action', { losesTrail: true }, /the trail has \S+ 0 times/],
  ])(
    'detects the mutant: %s',
    async (_fault, mutant, violation) => {
      expect(await findViolation((seed) => new TaskInterleaving(seed, mutant), 1, SEEDS)).toMatch(violation);
    },
    PROPERTY_TIMEOUT_MS,
  );
});
