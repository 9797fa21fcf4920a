import type { IncomingHttpHeaders } from 'node:http';
import { invalidCredentials } from './access/refusals.js';

/** What a request proves its caller with. */
export interface Credentials {
  readonly header: 'x-api-key' | 'authorization';
  readonly value: string;
}

/** Longer ones are refused unread; an API key has 46 characters, a token of an OpenID provider a few thousand. */
const MAX_LENGTH = 8_192;

/** A compact JWS has three parts. An API key has no dot. */
const JWT = /^[^.]*\.[^.]*\.[^.]*$/;

/**
 * Reads the credentials of a request: an API key in `X-API-Key`, else an API key or a token in `Authorization: Bearer`.
 * With `X-API-Key` the service does not read `Authorization`, which a proxy may use for itself.
 *
 * @returns null if the request has none
 * @throws ProblemError `unauthenticated` for an `Authorization` of another scheme, and for credentials that are too long
 */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials | null {
  const key = headers['x-api-key'];
  if (key !== undefined && key !== '') return limited('x-api-key', key.toString());
  const { authorization } = headers;
  if (authorization === undefined || authorization === '') return null;
  const value = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
  if (value === undefined)
    throw invalidCredentials('Authorization must be Bearer, followed by one API key or token.');
  return limited('authorization', value);
}

/** True if the credentials look like a token and not like an API key. */
export function looksLikeToken({ header, value }: Credentials): boolean {
  return header === 'authorization' && JWT.test(value);
}

function limited(header: Credentials['header'], value: string): Credentials {
  if (value.length > MAX_LENGTH)
    throw invalidCredentials(`The credentials have more than ${MAX_LENGTH} characters.`);
  return { header, value };
}
