import { describe, expect, it } from '@jest/globals';
import { isOwnCode, RESERVED_ERROR_CODES, toOwnCode } from './error-codes.js';

describe('the error code of an outcome', () => {
  it.each(['NO', 'TOO_HEAVY', 'E1', 'X'.repeat(64)])('%s is unchanged', (code) => {
    expect(toOwnCode(code)).toBe(code);
  });

  it.each([...RESERVED_ERROR_CODES, 'cancelled', 'Start-Rejected'])('%s is reserved', (code) => {
    expect(toOwnCode(code)).toBe(`PROCESS_${code.toUpperCase().replace('-', '_')}`);
  });

  it.each([
    ['not-cleared', 'NOT_CLEARED'],
    ['notCleared', 'NOT_CLEARED'],
    ['urn:shop:no stock', 'URN_SHOP_NO_STOCK'],
    ['404', 'PROCESS_404'],
    ['', 'PROCESS'],
    ['___', 'PROCESS'],
    ['ünzulässig', 'NZUL_SSIG'],
    ['Y'.repeat(100), 'Y'.repeat(64)],
    [`${'Z'.repeat(63)}--z`, 'Z'.repeat(63)],
    ['__CANCELLED__', 'PROCESS_CANCELLED'],
  ])('%s becomes %s', (given, code) => {
    expect(toOwnCode(given)).toBe(code);
  });

  it('matches the pattern, is not reserved, and is unchanged if converted again', () => {
    for (const given of ['x', '-', 'a b', 'CANCELLED', 'CANCELLED_', '9', 'É', '😀', 'i_n-c', '_INCIDENT_']) {
      const code = toOwnCode(given);
      expect([given, isOwnCode(code), toOwnCode(code)]).toEqual([given, true, code]);
    }
  });
});
