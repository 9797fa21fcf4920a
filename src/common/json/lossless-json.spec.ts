import { describe, expect, it } from '@jest/globals';
import { parseJson, stringifyJson } from './lossless-json.js';

describe('parseJson', () => {
  it.each([
    ['9007199254740991', 9_007_199_254_740_991],
    ['-9007199254740991', -9_007_199_254_740_991],
    ['9007199254740992', 9_007_199_254_740_992n],
    ['9007199254740993', 9_007_199_254_740_993n],
    ['-9223372036854775808', -9_223_372_036_854_775_808n],
    ['123456789012345678901234567890', 123_456_789_012_345_678_901_234_567_890n],
    ['1e20', 1e20],
    ['1.5e300', 1.5e300],
    ['0.1234567890123456789', Number('0.1234567890123456789')],
    ['1.2345678901234567e+19', 12_345_678_901_234_567_000],
    ['12345678901234567.89', '12345678901234567.89'],
    ['1e400', '1e400'],
    ['1e-400', '1e-400'],
    ['0e-400', 0],
    ['9.007199254740993e15', '9.007199254740993e15'],
    ['900719925474099.3e1', '900719925474099.3e1'],
    ['9007199254740.991e3', 9_007_199_254_740_991],
    ['"9007199254740993"', '9007199254740993'],
    ['0.0000000000000000001', 1e-19],
  ])('reads %s unchanged', (text, value) => {
    expect(parseJson(text)).toBe(value);
    expect(parseJson(`{"a":[${text}]}`)).toEqual({ a: [value] });
  });

  it('reads everything else like JSON.parse, even beside a long integer', () => {
    const text = '{"a":1,"a":"\\u00e4\\n","__proto__":{"x":1},"n":null,"b":[true,false,{}],"e":-0.5e-7}';
    const beside = `{"long":9007199254740993,${text.slice(1)}`;
    const plain = JSON.parse(text) as object;
    expect(parseJson(text)).toEqual(plain);
    const read = parseJson(beside) as Record<string, unknown>;
    expect(Object.entries(read)).toEqual([['long', 9_007_199_254_740_993n], ...Object.entries(plain)]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  it('reads numbers of any length in linear time', () => {
    const zeros = '0'.repeat(1_000_000);
    // In quadratic time each of these would take hours.
    expect(parseJson(`1.${zeros}1e20`)).toBe(`1.${zeros}1e20`);
    expect(parseJson(`1.${zeros}e20`)).toBe(1e20);
    expect(parseJson(`1${zeros}`)).toBe(`1${zeros}`);
    expect(parseJson(`-${'9'.repeat(999)}`)).toBe(BigInt(`-${'9'.repeat(999)}`));
  });

  it('refuses long numbers in a value that is nested too deeply', () => {
    const deep = `${'['.repeat(50_000)}9007199254740993${']'.repeat(50_000)}`;
    expect(() => parseJson(deep)).toThrow(RangeError);
  });

  it.each(['', '{', '{"a":9007199254740993', '01234567890123456789'])('refuses %p', (text) => {
    expect(() => parseJson(text)).toThrow();
  });
});

describe('stringifyJson', () => {
  it('writes the value that was read', () => {
    const text = '{"a":[9007199254740993,1.5,"x"],"b":null}';
    expect(stringifyJson(parseJson(text))).toBe(text);
  });
});
