import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { Redactor } from '../../common/redaction/index.js';
import { asError, toErrorOutcome as mapError } from './task-outcome.mapper.js';

const redactor = new Redactor();
const toErrorOutcome = (
  thrown: unknown,
  facts: { readonly attempt: number; readonly retriesLeft: number },
  random?: number,
) => mapError(thrown, facts, redactor, random);
import { EngineResponseError } from '../../camunda-engine/index.js';
import { HttpCallError } from '../../common/http/index.js';
import { BusinessRuleError, RetryableTaskError } from '../task/task.errors.js';

describe('toErrorOutcome', () => {
  it.each([
    [1, 500],
    [2, 1_000],
    [3, 2_000],
    [7, 32_000],
    [8, 60_000],
    [50, 60_000],
  ])('waits after attempt %i for %i ms, plus or minus a fifth', (attempt, ms) => {
    const wait = (random: number) => toErrorOutcome(new Error('x'), { attempt, retriesLeft: 1 }, random);
    expect([wait(0), wait(0.5), wait(1)]).toMatchObject([
      { retryTimeout: ms * 0.8 },
      { retryTimeout: ms },
      { retryTimeout: ms * 1.2 },
    ]);
  });

  it('shows no address of the engine if a handler has called it', () => {
    const call = { method: 'GET', path: '/history/process-instance/0af5' };
    const error = new EngineResponseError(call, 500, 'ProcessEngineException', 'ENGINE-03005 no', 0);
    expect(toErrorOutcome(error, { attempt: 1, retriesLeft: 0 })).toMatchObject({
      errorMessage: 'A call to the process engine failed: the engine answered 500 ProcessEngineException: no',
    });
  });

  describe('waits as long as a partner asks for', () => {
    const outcomeOf = (error: Error, random = 0) =>
      toErrorOutcome(error, { attempt: 1, retriesLeft: 3 }, random);
    const call = { method: 'GET', url: 'http://a/x', status: 503, body: null };
    const refused = (retryAfterMs: number | null) =>
      new HttpCallError({ ...call, retryAfterMs }, 'answered 503');

    it.each([
      [new Error('x', { cause: refused(30_000) }), 0, 30_000],
      [refused(30_000), 1, 36_000],
      [refused(100), 0, 400],
      [refused(null), 0, 400],
      [refused(86_400_000), 0, 3_600_000],
      [new RetryableTaskError('later', { retryAfterMs: 90_000 }), 0, 90_000],
    ])('%s, at random %i: %i ms', (error, random, retryTimeout) => {
      expect(outcomeOf(error, random)).toMatchObject({ kind: 'failure', retries: 3, retryTimeout });
    });
  });

  it('shows no secret of a URL in the message or in the causes', () => {
    const cause = new Error('https://u:secret@a/x?key=secret');
    const outcome = toErrorOutcome(new Error('at http://a/bot1:secret/x', { cause }), {
      attempt: 1,
      retriesLeft: 0,
    });
    expect(outcome).toMatchObject({ errorMessage: 'at http://a/***/x' });
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });

  it('uses up no retry if the store was unavailable', () => {
    const away = Object.assign(new Error('away'), { temporarilyUnavailable: true });
    expect(toErrorOutcome(away, { attempt: 4, retriesLeft: 0 })).toMatchObject({
      kind: 'failure',
      retries: 1,
      retryTimeout: expect.any(Number) as unknown,
    });
  });

  it('describes the whole chain of causes, and cycles once', () => {
    const cause = new Error('inner');
    cause.cause = cause;
    const outcome = toErrorOutcome(new Error('outer', { cause }), { attempt: 1, retriesLeft: 1 });
    expect(outcome).toMatchObject({
      errorMessage: 'outer',
      errorDetails: expect.stringMatching(/outer[^]*Caused by: [^]*inner/) as unknown,
    });
  });

  it('truncates messages to the length that the engine accepts', () => {
    const long = 'x'.repeat(20_000);
    for (const error of [new Error(long), new BusinessRuleError(long)]) {
      expect(
        (toErrorOutcome(error, { attempt: 1, retriesLeft: 1 }) as { errorMessage: string }).errorMessage,
      ).toHaveLength(4_000);
    }
  });

  it('converts any value to an error', () => {
    expect(asError('text').message).toBe('text');
  });

  it('describes the issues of a schema that the handler itself used', () => {
    const answer = z.object({ price: z.object({ amount: z.number() }), currency: z.string() });
    const { error } = answer.safeParse({ price: { amount: '12' } });
    expect([asError(error).message, asError(error).cause]).toEqual([
      'A value that the step read is not valid: price.amount: Invalid input: expected number, received string; currency: Invalid input: expected string, received undefined',
      error,
    ]);
  });
});
