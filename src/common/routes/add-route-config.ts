import { RouteConfig } from '@nestjs/platform-fastify';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';

/**
 * Adds members to the `config` of a Fastify route. Several of these decorators on one method add up in any order, but of
 * several `@RouteConfig()` only the last one counts.
 */
export function AddRouteConfig(config: Readonly<Record<string, unknown>>): MethodDecorator {
  return (target, name, descriptor) => {
    const present = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, descriptor.value as object) as
      Readonly<Record<string, unknown>> | undefined;
    RouteConfig({ ...present, ...config })(target, name, descriptor);
  };
}
