import { describe, expect, it } from '@jest/globals';
import { canonicalHash, canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('returns equal texts for equal values in any order of members', () => {
    expect(canonicalJson({ b: 1, a: [2, { d: null, c: 'x' }] })).toBe('{"a":[2,{"c":"x","d":null}],"b":1}');
  });

  it('writes numbers by RFC 8785, so that 1.0 and 1 are equal', () => {
    expect(canonicalJson(JSON.parse('[1.0, 1e2, -0]'))).toBe('[1,100,0]');
  });

  it('refuses a value that is not JSON', () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
  });
});

describe('canonicalHash', () => {
  it('differs if a value differs, and not if only the order does', () => {
    expect(canonicalHash({ a: 1, b: 2 })).toBe(canonicalHash({ b: 2, a: 1 }));
    expect(canonicalHash({ a: 1 })).not.toBe(canonicalHash({ a: '1' }));
    expect(canonicalHash({})).toMatch(/^[0-9a-f]{64}$/);
  });
});
