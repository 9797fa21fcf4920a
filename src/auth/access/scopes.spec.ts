import { describe, expect, it } from '@jest/globals';
import { Grants, SCOPES } from './scopes.js';

describe('Grants', () => {
  it('allows a scope for all keys or for those that are named', () => {
    const { grants, unknown } = Grants.of(['process:start:a', 'process:start:b', 'process:read']);
    expect(unknown).toEqual([]);
    expect([grants.has('process:start'), grants.has('process:read'), grants.has('process:cancel')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(['a', 'b', 'c'].map((key) => grants.allows('process:start', key))).toEqual([true, true, false]);
    expect(grants.allows('process:read', 'c')).toBe(true);
    expect(grants.allows('process:cancel', 'a')).toBe(false);
    expect(grants.keysFor('process:start')).toEqual(new Set(['a', 'b']));
    expect(grants.keysFor('process:read')).toBeNull();
    expect(grants.keysFor('process:cancel')).toEqual(new Set());
  });

  it.each([[['process:start', 'process:start:a']], [['process:start:a', 'process:start']]])(
    'allows all keys if one of the words has none: %j',
    (words) => {
      expect(Grants.of(words).grants.keysFor('process:start')).toBeNull();
    },
  );

  it('restricts process scopes to the process keys, and does not grant a scope for no key', () => {
    const words = ['process:start', 'process:read:b', 'process:cancel:c', 'ops:read'];
    const { grants } = Grants.of(words, ['a', 'b']);
    expect(grants.keysFor('process:start')).toEqual(new Set(['a', 'b']));
    expect(grants.keysFor('process:read')).toEqual(new Set(['b']));
    expect(grants.has('process:cancel')).toBe(false);
    expect(grants.has('ops:read')).toBe(true);
  });

  it('has a process key with colons', () => {
    expect(Grants.of(['process:start:a:b']).grants.keysFor('process:start')).toEqual(new Set(['a:b']));
  });

  it.each([
    '',
    'process',
    'process:',
    'process:start:',
    'process:drop',
    'Process:start',
    'ops:read:a',
    '*',
    'OWN',
  ])('grants nothing for %p and returns it', (word) => {
    const { grants, unknown } = Grants.of([word]);
    expect(unknown).toEqual([word]);
    expect(SCOPES.filter((scope) => grants.has(scope))).toEqual([]);
    expect(grants.ownOnly).toBe(false);
  });

  it('knows the restriction to own processes', () => {
    expect(Grants.of(['process:read', 'own']).grants.ownOnly).toBe(true);
    expect(Grants.of(['process:read']).grants.ownOnly).toBe(false);
    expect(Grants.all.ownOnly).toBe(false);
    expect(SCOPES.every((scope) => Grants.all.allows(scope, 'any'))).toBe(true);
  });
});
