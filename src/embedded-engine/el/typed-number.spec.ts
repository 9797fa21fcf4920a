import { describe, expect, it } from '@jest/globals';
import { asDouble, asLong, formatNumber, numberTypeOf, numberValueOf, TypedNumber } from './typed-number.js';

describe('typed numbers', () => {
  it.each<[number | TypedNumber, string]>([
    [0, 'Integer'],
    [2_147_483_647, 'Integer'],
    [-2_147_483_648, 'Integer'],
    [2_147_483_648, 'Long'],
    [-2_147_483_649, 'Long'],
    [0.5, 'Double'],
    [Number.NaN, 'Double'],
    [new TypedNumber('Short', 1), 'Short'],
  ])('reads %s as %s', (value, type) => {
    expect(numberTypeOf(value)).toBe(type);
  });

  it.each<[number | TypedNumber, string]>([
    [5, '5'],
    [2 ** 53, '9007199254740992'],
    [new TypedNumber('Double', 2), '2.0'],
    [new TypedNumber('Double', -0), '-0.0'],
    [1.25, '1.25'],
    [new TypedNumber('Double', 1e7), '1.0E7'],
    [1.5e-5, '1.5E-5'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('prints %s as Java does: %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('wraps a number only if its value suggests another type', () => {
    expect(asDouble(1.5)).toBe(1.5);
    expect(asDouble(2)).toEqual(new TypedNumber('Double', 2));
    expect(asLong(2 ** 40)).toBe(2 ** 40);
    expect(asLong(2)).toEqual(new TypedNumber('Long', 2));
    expect(numberValueOf(asLong(2))).toBe(2);
    expect(String(asDouble(2))).toBe('2.0');
  });
});
