import type { FastifyInstance } from 'fastify';
import { ProblemError } from '../common/errors/index.js';

/** The methods of all routes. */
export class RouteMethods {
  private readonly routes: { readonly method: string; readonly pattern: RegExp }[] = [];

  /** Call it before the first route is registered. */
  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRoute', ({ method, url }) => {
      const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`);
      for (const verb of [method].flat()) this.routes.push({ method: verb, pattern });
    });
  }

  /** The methods of a path, empty if there is no such path. @param url path with or without query */
  of(url: string): string[] {
    const path = url.split('?', 1)[0] ?? '/';
    return this.routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  }
}

/** The problem of a path that does not allow a method. */
export function methodNotAllowed(method: string, allowed: readonly string[]): ProblemError {
  const allow = [...new Set(allowed)].join(', ');
  return new ProblemError('method-not-allowed', `This path does not allow ${method}; it allows ${allow}.`, {
    headers: { allow },
  });
}
