import { describe, expect, it } from '@jest/globals';
import type { JWTPayload } from 'jose';
import { SCOPES } from '../access/scopes.js';
import { principalOfClaims } from './token.claims.js';

const scopesOf = (claims: object, scopeClaim: string | null = null): string[] => {
  const { grants } = principalOfClaims({ sub: 'a', ...claims }, scopeClaim);
  return SCOPES.filter((scope) => grants.has(scope));
};

describe('principalOfClaims', () => {
  it.each([
    [{ scope: 'openid process:start process:read' }, null, ['process:start', 'process:read']],
    [{ scp: 'process:start' }, null, ['process:start']],
    [{ scp: ['process:start', 'ops:read'] }, null, ['process:start', 'ops:read']],
    [{ scope: 'ops:read', scp: 'process:start' }, null, ['ops:read']],
    [{ roles: ['process:read'], scope: 'ops:write' }, 'roles', ['process:read']],
    [{ realm_access: { roles: ['process:read'] } }, 'realm_access.roles', ['process:read']],
    [{ 'https://example.com/scopes': 'process:read' }, 'https://example.com/scopes', ['process:read']],
    [{ scope: 'ops:write' }, 'roles', []],
    [{ scope: 'ops:write' }, 'constructor.name', []],
    [{}, null, []],
    [{ scope: 7 }, null, []],
    [{ scope: ['process:read', 7, null, {}] }, null, ['process:read']],
    [{ scope: 'PROCESS:READ admin *' }, null, []],
  ])('reads the scopes of %j with %p', (claims, scopeClaim, scopes) => {
    expect(scopesOf(claims, scopeClaim)).toEqual(scopes);
  });

  it('reads process keys and the restriction to own processes', () => {
    const { grants } = principalOfClaims({ sub: 'a', scope: 'process:start:parcel own' }, null);
    expect([...(grants.keysFor('process:start') ?? [])]).toEqual(['parcel']);
    expect(grants.ownOnly).toBe(true);
  });

  it.each([
    [{ sub: 'alice' }, 'jwt:alice'],
    [{ sub: 'alice', client_id: 'shop' }, 'jwt:alice'],
    [{ client_id: 'shop' }, 'jwt-client:shop'],
    [{ sub: '', azp: 'shop' }, 'jwt-client:shop'],
  ])('names the principal of %j', (claims, name) => {
    expect(principalOfClaims(claims, null)).toMatchObject({ name, kind: 'jwt' });
  });

  it.each([{}, { sub: 7 }, { sub: 'a\nb' }, { sub: 'a'.repeat(201) }, { sub: '\u202eb' }])(
    'refuses claims that name nobody: %j',
    (claims) => {
      expect(() => principalOfClaims(claims as JWTPayload, null)).toThrow(
        expect.objectContaining({ code: 'unauthenticated' }),
      );
    },
  );
});
