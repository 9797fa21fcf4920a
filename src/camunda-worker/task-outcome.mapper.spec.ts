import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { asError, toErrorOutcome } from './task-outcome.mapper.js';
import { BusinessRuleError } from './task.errors.js';

describe('toErrorOutcome', () => {
  it.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [7, 32_000],
    [8, 60_000],
    [50, 60_000],
  ])('waits after attempt %i %i ms, a fifth more or less', (attempt, ms) => {
    const wait = (random: number) => toErrorOutcome(new Error('x'), { attempt, retriesLeft: 1 }, random);
    expect([wait(0), wait(0.5), wait(1)]).toMatchObject([
      { retryTimeout: ms * 0.8 },
      { retryTimeout: ms },
      { retryTimeout: ms * 1.2 },
    ]);
  });

  it('counts no attempt that the store being away has spoiled', () => {
    const away = Object.assign(new Error('away'), { temporarilyUnavailable: true });
    expect(toErrorOutcome(away, { attempt: 4, retriesLeft: 0 })).toMatchObject({
      kind: 'failure',
      retries: 1,
      retryTimeout: expect.any(Number) as unknown,
    });
  });

  it('tells the whole chain of causes, cycles once', () => {
    const cause = new Error('inner');
    cause.cause = cause;
    const outcome = toErrorOutcome(new Error('outer', { cause }), { attempt: 1, retriesLeft: 1 });
    expect(outcome).toMatchObject({
      errorMessage: 'outer',
      errorDetails: expect.stringMatching(/outer[^]*Caused by: [^]*inner/) as unknown,
    });
  });

  it('keeps messages within what the engine takes', () => {
    const long = 'x'.repeat(20_000);
    for (const error of [new Error(long), new BusinessRuleError(long)]) {
      expect(
        (toErrorOutcome(error, { attempt: 1, retriesLeft: 1 }) as { errorMessage: string }).errorMessage,
      ).toHaveLength(4_000);
    }
  });

  it('makes an error of anything', () => {
    expect(asError('text').message).toBe('text');
  });

  it('says what a schema refused that the handler parsed by itself', () => {
    const answer = z.object({ price: z.object({ amount: z.number() }), currency: z.string() });
    const { error } = answer.safeParse({ price: { amount: '12' } });
    expect([asError(error).message, asError(error).cause]).toEqual([
      'A value that the step read is not valid: price.amount: Invalid input: expected number, received string; currency: Invalid input: expected string, received undefined',
      error,
    ]);
  });
});
