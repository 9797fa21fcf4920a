import type { JWTPayload } from 'jose';
import { invalidCredentials } from '../access/refusals.js';
import type { Principal } from '../access/principal.js';
import { Grants } from '../access/scopes.js';

/** Longest subject; with its prefix it fits the column of the owner. */
const MAX_NAME_LENGTH = 200;

/** Control characters, which would disturb logs. */
const UNPRINTABLE = /\p{C}/u;

/** Claims with the scopes, by common providers: RFC 8693, and Microsoft and Okta. */
const SCOPE_CLAIMS = ['scope', 'scp'];

/**
 * The principal of a token's claims. Its name is `jwt:` and the subject, or `jwt-client:` and the client id for a token
 * without a subject. Scopes that this service does not know grant nothing.
 *
 * @param scopeClaim name or path of the claim with the scopes; null: `scope`, else `scp`
 * @throws ProblemError `unauthenticated` if the claims name nobody
 */
export function principalOfClaims(claims: JWTPayload, scopeClaim: string | null): Principal {
  return {
    name: nameOf(claims),
    kind: 'jwt',
    grants: Grants.of(wordsOf(scopesIn(claims, scopeClaim))).grants,
  };
}

function nameOf({ sub, client_id: clientId, azp }: JWTPayload): string {
  const subject = textOf(sub);
  if (subject !== null) return `jwt:${subject}`;
  const client = textOf(clientId) ?? textOf(azp);
  if (client !== null) return `jwt-client:${client}`;
  throw invalidCredentials(
    `The token names nobody: it needs a subject (sub) or a client_id of at most ${MAX_NAME_LENGTH} printable characters.`,
  );
}

function textOf(value: unknown): string | null {
  const isName =
    typeof value === 'string' && value !== '' && value.length <= MAX_NAME_LENGTH && !UNPRINTABLE.test(value);
  return isName ? value : null;
}

function scopesIn(claims: JWTPayload, scopeClaim: string | null): unknown {
  if (scopeClaim !== null) return memberOf(claims, scopeClaim) ?? memberAt(claims, scopeClaim.split('.'));
  return SCOPE_CLAIMS.map((name) => memberOf(claims, name)).find((value) => value !== undefined);
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce(memberOf, value);
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** A text with spaces, or a list of texts. */
function wordsOf(value: unknown): string[] {
  const texts = typeof value === 'string' ? [value] : Array.isArray(value) ? value : [];
  return texts
    .filter((text): text is string => typeof text === 'string')
    .flatMap((text) => text.split(' '))
    .filter((word) => word !== '');
}
