import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import { AddRouteConfig } from '../../common/routes/index.js';
import type { Scope } from './scopes.js';

/** What a route asks of its callers. */
export interface RouteAccess {
  /** Null: the route is public, and credentials are not read. */
  readonly scope: Scope | null;
  /** False: the route also answers callers without credentials, with less. */
  readonly required: boolean;
}

/** The access of a route for everybody. */
export const PUBLIC: RouteAccess = { scope: null, required: false };

/** Members of an operation in the OpenAPI document with the scope that it asks for. */
export const REQUIRED_SCOPE = 'x-required-scope';
export const OPTIONAL_SCOPE = 'x-optional-scope';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whom the route serves; its absence stops the boot. */
    access?: RouteAccess;
  }
}

/**
 * The route asks for a principal with this scope; other requests are answered 401 or 403 before their body is read.
 *
 * A scope that is granted for some process keys only passes: the route itself compares the key of the process.
 */
export const RequiresScope = (scope: Scope): MethodDecorator =>
  applyDecorators(AddRouteConfig({ access: { scope, required: true } }), ApiExtension(REQUIRED_SCOPE, scope));

/** The route answers everybody, and more to a principal with this scope; the route asks {@link principalIfKnown}. */
export const OptionalScope = (scope: Scope): MethodDecorator =>
  applyDecorators(
    AddRouteConfig({ access: { scope, required: false } }),
    ApiExtension(OPTIONAL_SCOPE, scope),
  );

/** The route answers everybody; for probes only. */
export const PublicRoute = (): MethodDecorator => AddRouteConfig({ access: PUBLIC });
