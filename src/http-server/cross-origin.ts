import cors from '@fastify/cors';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError, sendProblem } from '../common/errors/index.js';
import { methodNotAllowed, type RouteMethods } from './route-methods.js';

/** Seconds for which a browser keeps the response to a preflight; Chromium keeps none longer. */
const PREFLIGHT_SECONDS = 7_200;

/** Response headers that scripts of other origins may read, besides those that every script may read. */
const EXPOSED_HEADERS = [
  'ETag',
  'Idempotent-Replayed',
  'Location',
  'Preference-Applied',
  'Process-Status',
  'Process-Waiting',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
];

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The media type that a browser sends to another origin only after a preflight. */
const JSON_MEDIA_TYPE = /^application\/json\s*(?:;|$)/i;

/** True for the request that a browser sends ahead of one that needs permission (https://fetch.spec.whatwg.org/#cors-preflight-fetch). */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return (
    method === 'OPTIONS' &&
    headers.origin !== undefined &&
    headers['access-control-request-method'] !== undefined
  );
}

/**
 * Allows the listed websites to call the API and to read its responses. Cookies are never allowed.
 *
 * Call it before all other hooks: a website can then also read problems, and a preflight, which has no credentials, is
 * answered before any of them.
 */
export async function allowOrigins(
  fastify: FastifyInstance,
  origins: readonly string[],
  methods: RouteMethods,
): Promise<void> {
  if (origins.length === 0) return;
  fastify.addHook('onRequest', (request, reply, next) => {
    if (request.method !== 'OPTIONS' || isPreflight(request)) {
      next();
      return;
    }
    // The plugin has a route for OPTIONS on every path.
    const allowed = methods.of(request.url);
    if (allowed.length === 0) reply.callNotFound();
    else sendProblem(request, reply, methodNotAllowed(request.method, allowed));
  });
  await fastify.register(cors, {
    origin: [...origins],
    methods: ['GET', 'HEAD', 'POST'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
    // Its refusal is plain text; the hook above has refused what is no preflight.
    strictPreflight: false,
  });
  fastify.addHook('onSend', (_request, reply, payload, next) => {
    // The `Vary` of a route has replaced the one of the plugin.
    const vary = reply.getHeader('vary');
    if (typeof vary === 'string' && !/\borigin\b/i.test(vary)) void reply.header('vary', `${vary}, Origin`);
    next(null, payload);
  });
}

/**
 * Refuses requests that another website makes a browser send without asking first (cross-site request forgery): those that
 * change state and have no JSON body. A browser sends JSON to another origin only after a preflight, which
 * {@link allowOrigins} answers.
 *
 * The rules are those of Go's `http.CrossOriginProtection` (https://pkg.go.dev/net/http#CrossOriginProtection): the browser
 * tells in `Sec-Fetch-Site` or `Origin` from where a request comes; a request without both is not from a browser.
 */
export class OriginCheck {
  private readonly trusted: ReadonlySet<string>;

  /**
   * @param origins websites that may call the API
   * @param publicBaseUrl URL under which clients see the service; null: the one in `Host`
   */
  constructor(origins: readonly string[], publicBaseUrl: string | null) {
    this.trusted = new Set([...origins, ...(publicBaseUrl === null ? [] : [new URL(publicBaseUrl).origin])]);
  }

  /** @returns the problem of a foreign request; null for any other */
  check({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): ProblemError | null {
    const { origin } = headers;
    const site = headers['sec-fetch-site'];
    if (origin === undefined && site === undefined) return null;
    if (SAFE_METHODS.has(method) || JSON_MEDIA_TYPE.test(headers['content-type'] ?? '')) return null;
    if (origin !== undefined && this.trusted.has(origin)) return null;
    const isOwn =
      site === undefined
        ? origin === undefined || hostOf(origin) === headers.host?.toLowerCase()
        : site === 'same-origin' || site === 'none';
    return isOwn ? null : foreignOrigin();
  }
}

/** Host and port of an origin; null for `null` and for malformed ones. */
function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}

function foreignOrigin(): ProblemError {
  return new ProblemError(
    'foreign-origin',
    'A browser sent this request for another website. Nothing was changed. List the website in CORS_ORIGINS, or set PUBLIC_BASE_URL to the address of this service, or send Content-Type: application/json.',
  );
}
