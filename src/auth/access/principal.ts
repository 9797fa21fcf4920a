import type { FastifyReply, FastifyRequest } from 'fastify';
import { Grants } from './scopes.js';

/** The authenticated caller of a request. */
export interface Principal {
  /** Unique over all kinds; shown in the trail, in the owner column and in the log. */
  readonly name: string;
  readonly kind: 'api-key' | 'jwt' | 'anonymous';
  readonly grants: Grants;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null until the request is authenticated, and on public routes; read it through `principalOf`. */
    principal: Principal | null;
  }
}

/** The principal of every request with `AUTH_MODE=none`: it may do everything and owns nothing. */
export const ANONYMOUS: Principal = { name: 'anonymous', kind: 'anonymous', grants: Grants.all };

/**
 * Returns the principal of a request.
 *
 * @throws Error on a public route without credentials, where there is no principal
 */
export function principalOf(source: FastifyRequest | FastifyReply): Principal {
  const principal = principalIfKnown(source);
  if (principal === null) throw new Error('The route is public; its request has no principal.');
  return principal;
}

/** Returns the principal of a request; null on a public route without credentials. */
export function principalIfKnown(source: FastifyRequest | FastifyReply): Principal | null {
  return 'request' in source ? source.request.principal : source.principal;
}

/** The name of the authenticated caller of a request, for the trail and the log; null if there is none. */
export function callerName({ principal }: FastifyRequest): string | null {
  return principal === null || principal.kind === 'anonymous' ? null : principal.name;
}
