import { isDamage } from '../../../common/sqlite-file/index.js';
import type { EngineError } from '../../state/engine.errors.js';
import type { EngineRequest, EngineResponse } from './http.types.js';
import { bodyOf, type JsonRecord } from './json.reader.js';
import { describeError, internalError, invalidRequest, RestError } from './rest.error.js';

/** A request with the parameters of its route. */
export class RouteCall {
  constructor(
    readonly request: EngineRequest,
    /** The query string; of a repeated parameter it has the first value. */
    readonly query: JsonRecord,
    private readonly params: ReadonlyMap<string, string>,
  ) {}

  /** A decoded path parameter. */
  param(name: string): string {
    return this.params.get(name) ?? '';
  }

  /** The body as an object; `{}` if there is none. @throws RestError */
  body(): JsonRecord {
    return bodyOf(this.request.body);
  }
}

export type RouteHandler = (call: RouteCall) => EngineResponse | Promise<EngineResponse>;

/** A route; `:name` in a path is a parameter. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly handle: RouteHandler;
}

export function get(path: string, handle: RouteHandler): Route {
  return { method: 'GET', path, handle };
}

export function post(path: string, handle: RouteHandler): Route {
  return { method: 'POST', path, handle };
}

export function put(path: string, handle: RouteHandler): Route {
  return { method: 'PUT', path, handle };
}

/** A route of the method `DELETE`. */
export function del(path: string, handle: RouteHandler): Route {
  return { method: 'DELETE', path, handle };
}

interface CompiledRoute {
  readonly segments: readonly string[];
  readonly handle: RouteHandler;
}

/** The path under which the REST API is served. */
export const BASE_PATH = '/engine-rest';
const ENGINE_NAME = 'default';

/**
 * Finds and runs the handler of a request, and turns every error into a response. The router has no socket: the HTTP
 * server and callers in this process both dispatch to the router of the current engine.
 */
export class EngineRouter {
  /** By method and number of path segments. In each list, literal paths are before paths with parameters. */
  private readonly routes = new Map<string, CompiledRoute[]>();

  /**
   * @param onUnexpectedError called with unexpected errors, which are answered with 500
   * @param failureOf the error with which every request is answered instead of being routed; null: it is routed
   */
  constructor(
    routes: readonly Route[],
    private readonly onUnexpectedError: (error: unknown) => void,
    private readonly failureOf: () => EngineError | null = () => null,
  ) {
    for (const route of routes) {
      const segments = route.path.split('/').slice(1);
      const key = keyOf(route.method, segments.length);
      this.routes.set(key, [...(this.routes.get(key) ?? []), { segments, handle: route.handle }]);
    }
  }

  /** Handles a request; never rejects. */
  async dispatch(request: EngineRequest): Promise<EngineResponse> {
    const response = await this.answer(request);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    return isRead ? { ...response, headers: { 'cache-control': 'no-cache', ...response.headers } } : response;
  }

  private async answer(request: EngineRequest): Promise<EngineResponse> {
    try {
      // Rejects reads too: the memory has changes that are not durable.
      const failure = this.failureOf();
      if (failure !== null) throw failure;
      return await this.route(request);
    } catch (error) {
      if (isDamage(error)) this.onUnexpectedError(error);
      const described = describeError(error) ?? describeError(this.failureOf());
      if (described !== null) return described;
      if (!isDamage(error)) this.onUnexpectedError(error);
      return internalError();
    }
  }

  private route(request: EngineRequest): EngineResponse | Promise<EngineResponse> {
    const queryAt = request.url.indexOf('?');
    const path = queryAt === -1 ? request.url : request.url.slice(0, queryAt);
    const segments = segmentsOf(path);
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    for (const route of this.routes.get(keyOf(method, segments.length)) ?? []) {
      const params = match(route.segments, segments);
      if (params !== null) {
        return route.handle(
          new RouteCall(request, readQuery(queryAt === -1 ? '' : request.url.slice(queryAt + 1)), params),
        );
      }
    }
    throw this.noRoute(request.method, path, segments);
  }

  private noRoute(method: string, path: string, segments: readonly string[]): RestError {
    const others = ['GET', 'POST', 'PUT', 'DELETE'].filter((other) =>
      (this.routes.get(keyOf(other, segments.length)) ?? []).some(
        (route) => match(route.segments, segments) !== null,
      ),
    );
    if (others.length > 0) {
      return new RestError(
        405,
        'NotAllowedException',
        `${method} ${path} is not allowed, only ${others.join(', ')}`,
      );
    }
    return new RestError(
      404,
      'NotFoundException',
      `${method} ${path} is not part of the subset of Camunda 7's REST API that the embedded engine serves`,
    );
  }
}

function keyOf(method: string, segments: number): string {
  return `${method} ${segments}`;
}

/** The decoded segments after the base path, without `/engine/default`. @throws RestError */
function segmentsOf(path: string): readonly string[] {
  const inside =
    path === BASE_PATH || path.startsWith(`${BASE_PATH}/`) ? path.slice(BASE_PATH.length + 1) : null;
  if (inside === null) throw new RestError(404, 'NotFoundException', `${path} is not below ${BASE_PATH}`);
  const segments = inside.replace(/\/$/, '').split('/').map(decode);
  const [first, name, ...rest] = segments;
  if (first !== 'engine' || name === undefined) return segments;
  if (name !== ENGINE_NAME) throw invalidRequest('No process engine available');
  return rest;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidRequest(`The path segment '${segment}' is not URL-encoded`);
  }
}

function match(pattern: readonly string[], segments: readonly string[]): ReadonlyMap<string, string> | null {
  const params = new Map<string, string>();
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (expected.startsWith(':')) {
      if (segment === '') return null;
      params.set(expected.slice(1), segment);
    } else if (expected !== segment) {
      return null;
    }
  }
  return params;
}

function readQuery(text: string): JsonRecord {
  if (text === '') return {};
  const query = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (!query.has(name)) query.set(name, value);
  }
  return Object.fromEntries(query);
}
