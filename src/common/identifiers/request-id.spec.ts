import { describe, expect, it } from '@jest/globals';
import { requestIdOf } from './request-id.js';

describe('requestIdOf', () => {
  it('uses a valid id and creates one for any other', () => {
    expect(requestIdOf({ headers: { 'x-request-id': 'abc.DEF-1_2' } })).toBe('abc.DEF-1_2');
    for (const id of ['a b', '', 'x'.repeat(129), undefined]) {
      expect(requestIdOf({ headers: id === undefined ? {} : { 'x-request-id': id } })).toMatch(
        /^[0-9a-f-]{36}$/,
      );
    }
  });
});
