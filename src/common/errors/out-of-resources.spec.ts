import { describe, expect, it } from '@jest/globals';
import { isOutOfResources } from './out-of-resources.js';

const system = (code: string) => Object.assign(new Error(code), { code });

describe('isOutOfResources', () => {
  it.each([
    ['the error', system('EMFILE'), true],
    ['its cause', new Error('x', { cause: system('ENFILE') }), true],
    [
      'one of several tries',
      new Error('x', { cause: new AggregateError([system('ECONNREFUSED'), system('ENOBUFS')]) }),
      true,
    ],
    ['nothing of it', new Error('x', { cause: system('ECONNREFUSED') }), false],
    ['no error', 'EMFILE', false],
  ])('is correct for %s', (_, error, expected) => {
    expect(isOutOfResources(error)).toBe(expected);
  });

  it('terminates for cyclic causes', () => {
    const error = new Error('x');
    error.cause = new Error('y', { cause: error });
    expect(isOutOfResources(error)).toBe(false);
  });
});
