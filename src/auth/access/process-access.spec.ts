import { describe, expect, it } from '@jest/globals';
import { ANONYMOUS, type Principal } from './principal.js';
import { assertMayStart, ownerOf, ProcessAccess } from './process-access.js';
import { Grants } from './scopes.js';

const principal = (name: string, ...scopes: readonly string[]): Principal => ({
  name,
  kind: 'api-key',
  grants: Grants.of(scopes).grants,
});

const process = (processKey: string | null, owner: string | null) => ({ processKey, owner });

describe('ProcessAccess', () => {
  it('allows everything without a restriction, with one object for all callers', () => {
    for (const each of [ANONYMOUS, principal('a', 'process:read')])
      expect(ProcessAccess.of(each, 'process:read')).toBe(ProcessAccess.all);
    expect(ProcessAccess.all.isAll).toBe(true);
    expect(ProcessAccess.all.allows(process(null, null))).toBe(true);
  });

  it.each<[string[], string | null, string | null, boolean]>([
    [['process:read:k'], 'k', 'b', true],
    [['process:read:k'], 'k', null, true],
    [['process:read:k'], 'other', 'a', false],
    [['process:read:k'], null, 'a', false],
    [['process:read', 'own'], 'k', 'a', true],
    [['process:read', 'own'], null, 'a', true],
    [['process:read', 'own'], 'k', 'b', false],
    [['process:read', 'own'], 'k', 'A', false],
    [['process:read', 'own'], 'k', null, false],
    [['process:read:k', 'own'], 'k', 'a', true],
    [['process:read:k', 'own'], 'other', 'a', false],
    [['process:start'], 'k', 'a', false],
  ])('of %j allows key %s of owner %s: %s', (scopes, key, owner, allowed) => {
    const access = ProcessAccess.of(principal('a', ...scopes), 'process:read');
    expect([access.allows(process(key, owner)), access.isAll]).toEqual([allowed, false]);
  });

  it('owns what it starts under its name, and nothing if it is anonymous', () => {
    expect([ownerOf(principal('jwt:https://id#ann')), ownerOf(ANONYMOUS)]).toEqual([
      'jwt:https://id#ann',
      null,
    ]);
  });

  it('has an owner of its own for each name that the column cannot store', () => {
    const names = ['Zoë', 'Zo?', 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(257)];
    const owners = names.map((name) => ownerOf(principal(name)));
    expect(new Set(owners).size).toBe(names.length);
    for (const owner of owners) expect(owner).toMatch(/^[\x20-\x7e]{1,255}$/);
    for (const [index, name] of names.entries()) {
      const access = ProcessAccess.of(principal(name, 'process:read', 'own'), 'process:read');
      expect(owners.map((owner) => access.allows(process('k', owner)))).toEqual(
        names.map((_, other) => other === index),
      );
    }
  });

  it('gives nobody the owner of another name by a name that looks like it, or differs in spaces at its end', () => {
    const owner = ownerOf(principal('Zoë')) ?? '';
    const names = ['Zoë', owner, ownerOf(principal(owner)) ?? '', 'jwt:ann', 'jwt:ann ', 'jwt:ann  '];
    const owners = names.map((name) => ownerOf(principal(name)));
    // SQL Server compares without spaces at the end.
    expect(new Set(owners.map((each) => each?.trimEnd())).size).toBe(names.length);
  });

  it('lets a principal start the processes of its keys', () => {
    const one = principal('a', 'process:start:k');
    expect(() => {
      assertMayStart(one, 'k');
    }).not.toThrow();
    expect(() => {
      assertMayStart(one, 'other');
    }).toThrow('does not have the scope process:start:other');
  });
});
