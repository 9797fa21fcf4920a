import { describe, expect, it } from '@jest/globals';
import { HttpException } from '@nestjs/common';
import { z } from 'zod';
import { ProblemError, toProblemDocument } from './problems.js';
import { toProblem } from './to-problem.js';

describe('toProblem', () => {
  it('returns a problem unchanged', () => {
    const problem = new ProblemError('unknown-process', 'Nothing known.');
    expect(toProblem(problem)).toBe(problem);
  });

  it('names every refused member of a request by its JSON pointer', () => {
    const { error } = z
      .strictObject({ processKey: z.string(), 'a/b~c': z.object({ n: z.array(z.number()) }) })
      .safeParse({ 'a/b~c': { n: [1, 'x'] }, extra: 1 });
    const problem = toProblem(error);
    expect(problem.status).toBe(400);
    expect(problem.facts.errors?.map(({ pointer }) => pointer)).toEqual([
      '/processKey',
      '/a~1b~0c/n/1',
      '/extra',
    ]);
  });

  it.each([
    ['FST_ERR_MAX_PARAM_LENGTH', 'uri-too-long', 414],
    ['FST_ERR_BAD_URL', 'invalid-request', 400],
  ])('converts the framework error %s to %s', (code, expected, status) => {
    expect(toProblem(Object.assign(new Error('inside'), { code }))).toMatchObject({ code: expected, status });
  });

  it('converts an unavailable store to 503 with Retry-After', () => {
    const problem = toProblem(Object.assign(new Error('SQLITE_BUSY'), { temporarilyUnavailable: true }));
    expect(problem).toMatchObject({ code: 'store-unavailable', status: 503 });
    expect(problem.facts.headers).toEqual({ 'retry-after': '2' });
  });

  it.each([
    [403, 'unknown-path'],
    [404, 'unknown-path'],
    [413, 'body-too-large'],
    [415, 'unsupported-media-type'],
    [417, 'expectation-failed'],
    [414, 'uri-too-long'],
    [429, 'rate-limited'],
  ])('converts an HTTP exception with status %i to %s', (status, code) => {
    expect(toProblem(new HttpException('inside', status)).code).toBe(code);
  });

  it.each([new Error('password=hunter2 at /srv/app.js'), 'text', null, undefined, { statusCode: 'x' }])(
    'shows nothing of the inside of %p',
    (error) => {
      const problem = toProblem(error);
      expect(problem.code).toBe('internal-error');
      expect(JSON.stringify(toProblemDocument(problem, '/x'))).not.toMatch(/hunter2|srv/);
    },
  );
});

describe('toProblemDocument', () => {
  it('creates an RFC 9457 document with its further members', () => {
    const problem = new ProblemError('outcome-conflict', 'First one stays.', {
      members: { correlationId: 'a', processStatus: 'ok' },
      errors: [{ pointer: '/status', detail: 'differs' }],
    });
    expect(toProblemDocument(problem, '/api/process/complete')).toEqual({
      type: 'urn:fastify-camunda:problem:outcome-conflict',
      title: 'The process already has another outcome',
      status: 409,
      detail: 'First one stays.',
      instance: '/api/process/complete',
      errorCount: 1,
      errors: [{ pointer: '/status', detail: 'differs' }],
      correlationId: 'a',
      processStatus: 'ok',
    });
  });

  it('lists the first 20 errors, truncated, and counts the others', () => {
    const errors = Array.from({ length: 1_000 }, () => ({
      pointer: `/${'p'.repeat(300)}`,
      detail: `${'d'.repeat(998)}\u{1f600}more`,
    }));
    const document = toProblemDocument(new ProblemError('invalid-request', 'No.', { errors }), '/x');
    expect(document.errorCount).toBe(1_000);
    expect(document.errors).toEqual(
      Array(20).fill({ pointer: `/${'p'.repeat(253)}…`, detail: `${'d'.repeat(998)}…` }),
    );
  });
});
