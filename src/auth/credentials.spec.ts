import { describe, expect, it } from '@jest/globals';
import { credentialsOf, looksLikeToken } from './credentials.js';

describe('credentialsOf', () => {
  it.each([
    [{}, null],
    [{ authorization: '', 'x-api-key': '' }, null],
    [{ authorization: 'Bearer fc_a' }, { header: 'authorization', value: 'fc_a' }],
    [{ authorization: 'bEARER   a.b.c ' }, { header: 'authorization', value: 'a.b.c' }],
    [{ 'x-api-key': 'fc_a' }, { header: 'x-api-key', value: 'fc_a' }],
    [
      { 'x-api-key': 'fc_a', authorization: 'Basic dXNlcjpwYXNz' },
      { header: 'x-api-key', value: 'fc_a' },
    ],
  ])('reads %j', (headers, credentials) => {
    expect(credentialsOf(headers)).toEqual(credentials);
  });

  it.each([
    'Basic dXNlcjpwYXNz',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearera',
    'a.b.c',
    `Bearer ${'a'.repeat(8_193)}`,
  ])('refuses %.40s', (authorization) => {
    expect(() => credentialsOf({ authorization })).toThrow(expect.objectContaining({ status: 401 }));
  });

  it('distinguishes a token from an API key', () => {
    const of = (value: string) => looksLikeToken({ header: 'authorization', value });
    expect(['fc_a', 'a.b', 'a.b.c', 'a.b.', 'a.b.c.d'].map(of)).toEqual([false, false, true, true, false]);
    expect(looksLikeToken({ header: 'x-api-key', value: 'a.b.c' })).toBe(false);
  });
});
