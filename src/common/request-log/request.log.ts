import { openRequestOf } from '../connections/index.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Correlation id of the request's process, for the log line; null if unknown. Taken from the path; a route that reads
     * it from the body has to set it.
     */
    correlationId: string | null;
  }
}

/** The part of pino that is used. */
export interface RequestLogger {
  info(line: object, message: string): void;
  warn(line: object, message: string): void;
}

/** Returns the name of a request's authenticated caller when it ends; null if there is none. */
type CallerOf = (request: FastifyRequest) => string | null;

/** Paths that are not logged: probes poll them every few seconds, and a browser loads a dozen files for one page. */
const QUIET_PATHS = /^\/(health|metrics|docs)\b/;

/**
 * Logs one line per request, when it is answered or its client has disconnected: method, path, status and milliseconds,
 * without query, headers and body.
 *
 * A hook, because a middleware with an AsyncLocalStorage would slow down every promise of the service.
 */
export function logRequests(
  fastify: FastifyInstance,
  logger: RequestLogger,
  callerOf: CallerOf = () => null,
): void {
  fastify.decorateRequest('correlationId', null);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { correlationId } = request.params as { readonly correlationId?: string };
    if (correlationId !== undefined) request.correlationId = correlationId;
    logRequest(logger, request, reply, callerOf);
    done();
  });
}

/** Logs the line of one request when it ends; called directly for requests that reach no hook. */
export function logRequest(
  logger: RequestLogger,
  request: FastifyRequest,
  reply: FastifyReply,
  callerOf: CallerOf = () => null,
): void {
  const path = request.url.split('?', 1)[0] ?? '/';
  if (QUIET_PATHS.test(path)) return;
  const began = performance.now();
  // After the last byte of the answer, or when the client disconnects before.
  openRequestOf(request.raw, reply.raw).onEnd(() => {
    writeLine(logger, path, request, reply, callerOf(request), Math.round(performance.now() - began));
  });
}

function writeLine(
  logger: RequestLogger,
  path: string,
  { id, method, correlationId }: FastifyRequest,
  { raw }: FastifyReply,
  caller: string | null,
  responseTime: number,
): void {
  const isAnswered = raw.writableFinished;
  const line = {
    requestId: id,
    req: { method, path },
    ...(correlationId === null ? {} : { correlationId }),
    ...(caller === null ? {} : { principal: caller }),
    ...(isAnswered ? { res: { status: raw.statusCode } } : {}),
    responseTime,
  };
  const message = isAnswered ? 'request completed' : 'request aborted';
  if (isAnswered && raw.statusCode >= 500) logger.warn(line, message);
  else logger.info(line, message);
}
