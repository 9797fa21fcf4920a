import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { describeKind, isPlainObject, jsonFormFault } from './json-form.js';

class Order {
  readonly id = 1;
}

class Price {
  toJSON(): unknown {
    return { cents: 5 };
  }
}

const within = (value: unknown): unknown => ({ a: { list: [1, value] } });

describe('jsonFormFault', () => {
  it.each([
    ['a text', 'x'],
    ['null', null],
    ['a fraction', 1.5],
    ['a date', new Date(0)],
    ['an object with a JSON form of its own', new Price()],
    ['a URL', new URL('http://a')],
    ['an object without prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['an object of another realm', runInNewContext('({ a: [1] })')],
    ['a member that is undefined', { a: undefined }],
  ])('finds nothing in %s', (_name, value) => {
    expect(jsonFormFault(within(value))).toBeNull();
  });

  it.each([
    [new Map([['a', 1]]), /a Map/],
    [new Set([1]), /a Set/],
    [new Error('x'), /an Error/],
    [runInNewContext('new Map()'), /a Map/],
    [Promise.resolve(1), /a promise that is not awaited/],
    [new Order(), /an instance of Order/],
    [/x/, /an instance of RegExp/],
    [Buffer.from('x'), /binary data/],
    [new ArrayBuffer(1), /binary data/],
    [NaN, /NaN/],
    [-Infinity, /-Infinity/],
    [2 ** 53, /2\^53/],
    [5n, /bigint/],
    [() => 1, /a function/],
    [Symbol('s'), /a symbol/],
    [undefined, /undefined/],
    [new Date('never'), /invalid date/],
    [{ toJSON: () => undefined }, /toJSON returns nothing/],
    [{ toJSON: () => new Map() }, /a Map/],
  ])('finds %p and its path', (value, reason) => {
    const fault = jsonFormFault(within(value));
    expect(fault?.path).toBe('a.list.1');
    expect(fault?.reason).toMatch(reason);
  });

  it('finds cycles and values that are nested too deeply', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = [cycle];
    expect(jsonFormFault(cycle)).toEqual({ path: 'self.0', reason: 'it contains itself' });
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(jsonFormFault(deep)?.reason).toMatch(/deeper than 1000/);
    const shared = { a: 1 };
    expect(jsonFormFault([shared, shared])).toBeNull();
  });

  it('allows a bigint if the writer supports it', () => {
    expect(jsonFormFault(within(5n), { bigints: true })).toBeNull();
  });

  it('distinguishes plain objects from others', () => {
    expect([{}, Object.create(null), runInNewContext('({})')].map(isPlainObject)).toEqual([true, true, true]);
    expect([[], new Map(), new Order(), null, 'x'].some(isPlainObject)).toBe(false);
    expect(describeKind([])).toBe('a list');
  });
});
