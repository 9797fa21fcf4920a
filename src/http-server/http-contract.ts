import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { PROBLEM_MEDIA_TYPE, ProblemError, sendProblem } from '../common/errors/index.js';
import { countOpenRequests, openRequestOf } from '../common/connections/index.js';
import { inboundLimit } from '../common/http/index.js';
import type { HttpConfig } from '../config/index.js';
import { HttpConnections } from './http-connections.js';
import { lingerUntilRead } from './early-answers.js';
import { acceptOnlyJson, ignoreEmptyBodies } from './body.parser.js';
import type { ShutdownService } from '../lifecycle/index.js';
import { allowOrigins, OriginCheck } from './cross-origin.js';
import { methodNotAllowed, RouteMethods } from './route-methods.js';
import type { SecurityHeaders } from './security-headers.js';

/** A connection with this many times the allowed unanswered requests is closed. */
const CLOSED_BEYOND = 10;

/**
 * Registers the rules for all routes: security headers and `X-Request-Id` on every answer, CORS, 405 with `Allow`, 406,
 * and requests of foreign websites as problems, `Connection: close` and closed sockets at a stop.
 *
 * @param securityHeaders also set on answers before routing
 */
export async function registerHttpContract(
  app: NestFastifyApplication,
  config: HttpConfig,
  securityHeaders: SecurityHeaders,
  shutdown: ShutdownService,
): Promise<void> {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  acceptOnlyJson(fastify, config);
  ignoreEmptyBodies(fastify);
  const methods = new RouteMethods(fastify);
  fastify.addHook('onRequest', (request, reply, next) => {
    void reply.headers(securityHeaders.of(request.url)).header('x-request-id', request.id);
    next();
  });
  await allowOrigins(fastify, config.corsOrigins, methods);
  const origins = new OriginCheck(config.corsOrigins, config.publicBaseUrl);
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, next) => {
    const allowed = request.is404 ? methods.of(request.url) : [];
    const problem = hasTooManyRequests(request, reply, config.requestsPerConnection)
      ? tooManyRequests(config.requestsPerConnection)
      : allowed.length > 0
        ? methodNotAllowed(request.method, allowed)
        : // On every path: the router decodes `/%61pi/`, so the text of the URL does not say which route it reaches.
          (origins.check(request) ?? (request.url.startsWith('/api/') ? negotiate(request) : null));
    if (problem === null) next();
    else sendProblem(request, reply, problem);
  });
  fastify.addHook('onSend', (request, reply, payload, next) => {
    if (!request.raw.complete) lingerUntilRead(request.raw);
    if (shutdown.refusing) void reply.header('connection', 'close');
    next(null, payload);
  });
  const logger = new Logger('HttpServer');
  const limits = { writeTimeoutMs: config.writeTimeoutMs, max: inboundLimit(config.connectionsMax) };
  const connections = new HttpConnections(app.getHttpServer(), limits, {
    onCut: (facts) => {
      logger.warn({ msg: 'A connection was closed: its client did not read an answer.', ...facts });
    },
    onFull: (facts) => {
      logger.warn({
        msg: 'There are as many connections as HTTP_CONNECTIONS_MAX and the file descriptors allow; new ones replace idle ones.',
        ...facts,
      });
    },
  });
  shutdown.register('disconnect', 'http server', (signal) => connections.close(signal));
}

/**
 * True if a connection has more unanswered requests than allowed. With far more it is closed, because even the refusals
 * wait for their turn.
 */
function hasTooManyRequests(request: FastifyRequest, reply: FastifyReply, max: number): boolean {
  const { socket } = request.raw;
  openRequestOf(request.raw, reply.raw);
  const open = countOpenRequests(socket);
  if (open > max * CLOSED_BEYOND) socket.destroy();
  return open > max;
}

function tooManyRequests(max: number): ProblemError {
  return new ProblemError(
    'rate-limited',
    `This connection has ${max} requests that are not answered yet, as many as HTTP_REQUESTS_PER_CONNECTION allows. ` +
      'Nothing was done for this one; send it again after their answers, or on another connection.',
    { headers: { 'retry-after': '1' } },
  );
}

/** Checks `Accept`. A route may list in its configuration what it `produces`; the default is JSON. */
function negotiate(request: FastifyRequest): ProblemError | null {
  // An empty header counts as absent.
  if (!request.headers.accept) return null;
  const { produces } = request.routeOptions.config as { readonly produces?: string[] };
  const accepted = new Negotiator(request.raw).mediaType(
    produces ?? ['application/json', PROBLEM_MEDIA_TYPE],
  );
  return accepted === undefined
    ? new ProblemError(
        'not-acceptable',
        `Answers are ${(produces ?? ['application/json']).join(' or ')}; send an Accept header that allows it, or none.`,
      )
    : null;
}
