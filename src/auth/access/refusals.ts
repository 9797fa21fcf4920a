import { ProblemError } from '../../common/errors/index.js';

const REALM = 'realm="fastify-camunda"';

/** The problem of a request without credentials on a route that needs them. */
export function noCredentials(): ProblemError {
  return new ProblemError(
    'unauthenticated',
    'This request needs credentials: send Authorization: Bearer with an API key or a token. Nothing was done.',
    { headers: { 'www-authenticate': `Bearer ${REALM}` } },
  );
}

/**
 * The problem of credentials that are not valid (RFC 6750, section 3.1).
 *
 * @param detail why, in ASCII without quotation marks; without anything of the credentials
 */
export function invalidCredentials(detail: string): ProblemError {
  return new ProblemError('unauthenticated', `${detail} Nothing was done.`, {
    headers: {
      'www-authenticate': `Bearer ${REALM}, error="invalid_token", error_description="${detail}"`,
    },
  });
}

/** The problem of a caller who does not have a scope. */
export function missingScope(principal: string, scope: string): ProblemError {
  return new ProblemError(
    'forbidden',
    `The caller ${principal} does not have the scope ${scope}. Nothing was done.`,
    { headers: { 'www-authenticate': `Bearer ${REALM}, error="insufficient_scope", scope="${scope}"` } },
  );
}
