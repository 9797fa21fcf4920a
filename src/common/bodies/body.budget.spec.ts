import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { BodyBudget, type Release } from './body.budget.js';

describe('BodyBudget', () => {
  const never = new AbortController().signal;
  let budget: BodyBudget;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    budget = new BodyBudget(100, 5_000);
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  /** Records the admitted requests in order. */
  function asking(): {
    readonly admitted: string[];
    readonly ask: (name: string, bytes: number) => Promise<Release | null>;
  } {
    const admitted: string[] = [];
    const ask = async (name: string, bytes: number): Promise<Release | null> => {
      const release = await budget.take(bytes, never);
      admitted.push(release === null ? `${name} not` : name);
      return release;
    };
    return { admitted, ask };
  }

  it('admits in order within the budget, and returns bytes once', async () => {
    const { admitted, ask } = asking();
    const [a] = await Promise.all([ask('a', 60), ask('b', 40)]);
    const [c, d] = [ask('c', 50), ask('d', 10)];
    await turn();
    expect(admitted).toEqual(['a', 'b']);
    a?.();
    a?.();
    await Promise.all([c, d]);
    expect(admitted).toEqual(['a', 'b', 'c', 'd']);
    expect(budget.bytes).toBe(100);
  });

  it('lets a body that is larger than the budget wait until it is alone', async () => {
    const { admitted, ask } = asking();
    const a = await ask('a', 1);
    const large = ask('large', 1_000);
    await turn();
    expect(admitted).toEqual(['a']);
    a?.();
    (await large)?.();
    expect(budget.bytes).toBe(0);
  });

  it('rejects a body that waits too long, and continues with the next', async () => {
    const { admitted, ask } = asking();
    await ask('a', 90);
    const large = ask('large', 90);
    await jest.advanceTimersByTimeAsync(4_000);
    const small = ask('small', 10);
    await jest.advanceTimersByTimeAsync(1_000);
    await Promise.all([large, small]);
    expect(admitted).toEqual(['a', 'large not', 'small']);
  });

  it('drops a body whose client has disconnected', async () => {
    const gone = new AbortController();
    const release = await budget.take(100, never);
    const waiting = budget.take(100, gone.signal);
    gone.abort();
    expect(await waiting).toBeNull();
    release?.();
    await turn();
    expect(budget.bytes).toBe(0);
  });
});
