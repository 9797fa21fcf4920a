import { describe, expect, it } from '@jest/globals';
import { TurnBudget } from './turn-budget.js';

/** The turns of the event loop, counted from 0, in which each amount was granted. */
async function turnsOf(limit: number, amounts: readonly number[]): Promise<readonly number[]> {
  const budget = new TurnBudget(limit);
  const turns: number[] = [];
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  // Before the first amount, so that the turn is counted before the budget begins it.
  setImmediate(count);
  const all = Promise.all(
    amounts.map(async (amount, index) => {
      await budget.take(amount);
      turns[index] = turn;
    }),
  );
  await all;
  isOver = true;
  return turns;
}

describe('TurnBudget', () => {
  it('grants at once what fits into the turn', async () => {
    expect(await turnsOf(10, [4, 6, 0])).toEqual([0, 0, 0]);
  });

  it('grants no more in one turn than the limit, in the order of the calls', async () => {
    const turns = await turnsOf(10, [6, 6, 3, 1, 5, 1]);
    expect(turns[0]).toBe(0);
    // 6, 3 and 1 fill the second turn; the small amount at the end does not overtake the 5.
    expect(new Set(turns.slice(1, 4)).size).toBe(1);
    expect(new Set(turns).size).toBe(3);
    expect([...turns].sort((a, b) => a - b)).toEqual(turns);
  });

  it('grants an amount above the limit in a turn of its own', async () => {
    const turns = await turnsOf(10, [1, 50, 50, 1]);
    expect(new Set(turns).size).toBe(4);
  });

  it('begins each later turn with its whole limit', async () => {
    const budget = new TurnBudget(10);
    await budget.take(10);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    let isGranted = false;
    void budget.take(10).then(() => {
      isGranted = true;
    });
    await Promise.resolve();
    await Promise.resolve();
    expect(isGranted).toBe(true);
  });
});
