import { describe, expect, it } from '@jest/globals';
import { describeError } from './logging.js';

describe('describeError', () => {
  it('has name, message, code, status, stack and causes, and nothing that a client sent', () => {
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

  it('returns other values unchanged', () => {
    expect(describeError('text')).toBe('text');
  });
});
