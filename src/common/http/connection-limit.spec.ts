import { describe, expect, it } from '@jest/globals';
import { connectionLimit, inboundLimit } from './connection-limit.js';

describe('connectionLimit', () => {
  it.each([
    [100, 1_048_576, 100],
    [100, 256, 32],
    [100, 4, 1],
    [7, null, 7],
  ])('of %i configured and %p descriptors is %i', (configured, descriptors, limit) => {
    expect(connectionLimit(configured, descriptors)).toBe(limit);
  });

  it('never exceeds the configured limit', () => {
    expect(connectionLimit(1)).toBe(1);
  });
});

describe('inboundLimit', () => {
  it.each([
    [20_000, 1_048_576, 20_000],
    [20_000, 1_024, 512],
    [20_000, 1, 1],
    [7, null, 7],
  ])('of %i configured and %p descriptors is %i', (configured, descriptors, limit) => {
    expect(inboundLimit(configured, descriptors)).toBe(limit);
  });
});
