import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { BootError, ProblemError, sendProblem } from '../../common/errors/index.js';
import type { Principal } from './principal.js';
import { missingScope, noCredentials } from './refusals.js';
import type { RouteAccess } from './route-access.js';

/** Finds out who calls. */
export interface Authenticator {
  /**
   * Returns the principal of a request, or a promise of it; null if the request has no credentials.
   *
   * @throws ProblemError `unauthenticated` for credentials that are not valid
   */
  authenticate(request: FastifyRequest, reply: FastifyReply): Principal | null | Promise<Principal | null>;
}

/** Counts a request; the count of a request that is beyond the limit is an error. */
export interface RequestLimiter {
  /**
   * Counts a request for its principal, or for its remote address if it has none, and sets the headers `RateLimit` and
   * `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10).
   *
   * @throws ProblemError `rate-limited` beyond the limit
   */
  count(request: FastifyRequest, reply: FastifyReply): Promise<void>;
}

/** The access of routes that are not methods of a controller, by the begin of their path. */
export type AccessByPrefix = Readonly<Record<string, RouteAccess>>;

/** A route declares no access: neither a scope nor that it is public. */
export class UndeclaredRouteError extends BootError {
  override readonly name = 'UndeclaredRouteError';
}

/**
 * Authenticates each request before its body is read, and checks the scope that its route asks for.
 *
 * Each route gets a hook of its own, so that a request does not look up what its route needs. Call it before routes are
 * registered.
 *
 * @throws UndeclaredRouteError when a route is registered, if it has no {@link RouteAccess}
 */
export function controlAccess(
  fastify: FastifyInstance,
  authenticator: Authenticator,
  byPrefix: AccessByPrefix = {},
  limiter: RequestLimiter | null = null,
): void {
  fastify.decorateRequest('principal', null);
  fastify.addHook('onRoute', (route) => {
    const access = route.config?.access ?? accessOfPath(route.url, byPrefix);
    if (access === null) {
      throw new UndeclaredRouteError(
        `The route ${[route.method].flat().join(', ')} ${route.url} does not declare its access: ` +
          'add @RequiresScope() or @PublicRoute() to its method.',
      );
    }
    if (access.scope === null) return;
    route.onRequest = [
      ...[route.onRequest ?? []].flat(),
      check(limiter === null ? authenticator : limited(authenticator, limiter), access),
    ];
  });
}

function accessOfPath(path: string, byPrefix: AccessByPrefix): RouteAccess | null {
  const entry = Object.entries(byPrefix).find(([prefix]) => path === prefix || path.startsWith(`${prefix}/`));
  return entry?.[1] ?? null;
}

/** Counts each request: for its principal, and, if its credentials are not valid, for its remote address. */
function limited(authenticator: Authenticator, limiter: RequestLimiter): Authenticator {
  return {
    authenticate: async (request, reply) => {
      try {
        request.principal = await authenticator.authenticate(request, reply);
      } catch (error) {
        await limiter.count(request, reply);
        throw error;
      }
      await limiter.count(request, reply);
      return request.principal;
    },
  };
}

function check(authenticator: Authenticator, access: RouteAccess): onRequestHookHandler {
  return (request, reply, done) => {
    try {
      const found = authenticator.authenticate(request, reply);
      // Without a promise for the modes that need none: it would cost each request a turn of the event loop.
      if (!(found instanceof Promise)) {
        admit(request, access, found);
        done();
        return;
      }
      found
        .then((principal) => {
          admit(request, access, principal);
          done();
        })
        .catch((error: unknown) => {
          refuse(request, reply, error, done);
        });
    } catch (error) {
      refuse(request, reply, error, done);
    }
  };
}

/** @throws ProblemError `unauthenticated`, `forbidden` */
function admit(request: FastifyRequest, { scope, required }: RouteAccess, principal: Principal | null): void {
  request.principal = principal;
  if (!required) return;
  if (principal === null) throw noCredentials();
  if (scope !== null && !principal.grants.has(scope)) throw missingScope(principal.name, scope);
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  error: unknown,
  done: (error: Error) => void,
): void {
  if (error instanceof ProblemError) sendProblem(request, reply, error);
  else done(error as Error);
}
