import { describe, expect, it } from '@jest/globals';
import { describeError, requestIdOf } from './logging.js';

describe('requestIdOf', () => {
  it('takes over a well-formed id and makes one for any other', () => {
    expect(requestIdOf({ headers: { 'x-request-id': 'abc.DEF-1_2' } })).toBe('abc.DEF-1_2');
    for (const id of ['a b', '', 'x'.repeat(129), undefined]) {
      expect(requestIdOf({ headers: id === undefined ? {} : { 'x-request-id': id } })).toMatch(
        /^[0-9a-f-]{36}$/,
      );
    }
  });
});

describe('describeError', () => {
  it('keeps name, message, code, status, stack and causes, and nothing that a client sent', () => {
    const cause = Object.assign(new Error('answered 500'), {
      status: 500,
      body: { email: 'secret@example.com' },
    });
    const error = Object.assign(new Error('failed', { cause }), {
      code: 'INVALID_EMAIL',
      details: { email: 'secret' },
    });
    expect(describeError(error)).toEqual({
      type: 'Error',
      message: 'failed',
      code: 'INVALID_EMAIL',
      stack: error.stack,
      cause: { type: 'Error', message: 'answered 500', status: 500, stack: cause.stack },
    });
  });

  it('leaves what is no error as it is', () => {
    expect(describeError('text')).toBe('text');
  });
});
