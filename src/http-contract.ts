import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import {
  PROBLEM_MEDIA_TYPE,
  type ProblemCode,
  ProblemError,
  PROBLEMS,
  sendProblem,
  toProblemDocument,
} from './common/errors/index.js';
import { countOpenRequests, openRequestOf } from './common/connections/index.js';
import type { HttpConfig } from './config/index.js';
import { takeOnlyJson } from './http-body.js';
import type { ShutdownService } from './lifecycle/index.js';

/** How long responses that are under way may take once the listener is closed. */
const LAST_RESPONSES_MS = 1_000;

/** How many times as many unanswered requests close a connection. */
const CLOSED_BEYOND = 10;

/**
 * What holds for every route: 405 with `Allow` and 406 as problems, `X-Request-Id` on every answer,
 * `Connection: close` and closed sockets at a stop.
 */
export function registerHttpContract(
  app: NestFastifyApplication,
  config: HttpConfig,
  shutdown: ShutdownService,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  takeOnlyJson(fastify, config);
  const routes: { readonly method: string; readonly pattern: RegExp }[] = [];
  fastify.addHook('onRoute', ({ method, url }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:\w+/g, '[^/]+')}$`);
    for (const verb of [method].flat()) routes.push({ method: verb, pattern });
  });
  fastify.addHook('onRequest', (request: FastifyRequest, reply: FastifyReply, next) => {
    void reply.header('x-request-id', request.id);
    const path = request.url.split('?', 1)[0] ?? '/';
    const allowed = request.is404
      ? routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method)
      : [];
    const problem = isCrowded(request, reply, config.requestsPerConnection)
      ? crowded(config.requestsPerConnection)
      : allowed.length > 0
        ? methodNotAllowed(request.method, allowed)
        : path.startsWith('/api/')
          ? negotiate(request)
          : null;
    if (problem === null) next();
    else sendProblem(request, reply, problem);
  });
  fastify.addHook('onSend', (_request, reply, payload, next) => {
    if (shutdown.refusing) void reply.header('connection', 'close');
    next(null, payload);
  });
  shutdown.register('disconnect', 'http server', (signal) => closeServer(app, signal));
}

/**
 * Whether a connection has more unanswered requests than it may. One that has many times as many is closed, because
 * each refusal waits for its turn as well.
 */
function isCrowded(request: FastifyRequest, reply: FastifyReply, max: number): boolean {
  const { socket } = request.raw;
  openRequestOf(request.raw, reply.raw);
  const open = countOpenRequests(socket);
  if (open > max * CLOSED_BEYOND) socket.destroy();
  return open > max;
}

function crowded(max: number): ProblemError {
  return new ProblemError(
    'rate-limited',
    `This connection has ${max} requests that are not answered yet, as many as HTTP_REQUESTS_PER_CONNECTION allows. ` +
      'Nothing was done for this one; send it again after their answers, or on another connection.',
    { headers: { 'retry-after': '1' } },
  );
}

function methodNotAllowed(method: string, allowed: readonly string[]): ProblemError {
  const allow = [...new Set(allowed)].join(', ');
  return new ProblemError('method-not-allowed', `This path does not take ${method}; it takes ${allow}.`, {
    headers: { allow },
  });
}

/** A route may name in its configuration what it `produces`; else that is JSON. */
function negotiate(request: FastifyRequest): ProblemError | null {
  // An empty header says as little as none.
  if (!request.headers.accept) return null;
  const { produces } = request.routeOptions.config as { readonly produces?: string[] };
  const accepted = new Negotiator(request.raw).mediaType(
    produces ?? ['application/json', PROBLEM_MEDIA_TYPE],
  );
  return accepted === undefined
    ? new ProblemError(
        'not-acceptable',
        `Answers are ${(produces ?? ['application/json']).join(' or ')}; send an Accept header that takes it, or none.`,
      )
    : null;
}

/** Closes the listener, waits shortly for answers that are being written, then closes every socket. */
async function closeServer(app: NestFastifyApplication, signal: AbortSignal): Promise<void> {
  const server = app.getHttpServer();
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  server.closeIdleConnections();
  const limit = setTimeout(() => {
    server.closeAllConnections();
  }, LAST_RESPONSES_MS);
  signal.addEventListener('abort', () => {
    server.closeAllConnections();
  });
  await closed;
  clearTimeout(limit);
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The path and headers together are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive in time.'],
};

/** Answers what Node's HTTP parser refuses before there is a request. */
export function answerClientErrors(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, detail] = CLIENT_ERRORS[error.code ?? ''] ?? [
    'invalid-request',
    'This is not a well-formed HTTP request.',
  ];
  const { status } = PROBLEMS[code];
  const body = JSON.stringify(toProblemDocument(new ProblemError(code, detail), '/'));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
  );
}
