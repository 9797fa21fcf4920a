import { openRequestOf } from '../connections/index.js';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /**
     * Of the process that the request is about, once it is known; it is on the line of the answer. Where the path has
     * it, it is known from the beginning; a route that reads it from the body has to say so.
     */
    correlationId: string | null;
  }
}

/** What takes the lines; pino is one. */
export interface RequestLogger {
  info(line: object, message: string): void;
  warn(line: object, message: string): void;
}

/** Asked by machines every few seconds, or by people's browsers a dozen times for one page. */
const QUIET_PATHS = /^\/(health|metrics|docs)\b/;

/**
 * Logs a line for each request when it is answered, or when its client leaves before: method, path, status and time in
 * ms, without query, headers and body.
 *
 * It is a hook and no middleware with an asynchronous context of its own: that would cost every promise of the service.
 */
export function logRequests(fastify: FastifyInstance, logger: RequestLogger): void {
  fastify.decorateRequest('correlationId', null);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { correlationId } = request.params as { readonly correlationId?: string };
    if (correlationId !== undefined) request.correlationId = correlationId;
    logRequest(logger, request, reply);
    done();
  });
}

/** Logs the line of one request when it ends; for one that no hook sees. */
export function logRequest(logger: RequestLogger, request: FastifyRequest, reply: FastifyReply): void {
  const path = request.url.split('?', 1)[0] ?? '/';
  if (QUIET_PATHS.test(path)) return;
  const began = performance.now();
  // After the last byte of the answer, and where the client leaves before.
  openRequestOf(request.raw, reply.raw).onEnd(() => {
    writeLine(logger, path, request, reply, Math.round(performance.now() - began));
  });
}

function writeLine(
  logger: RequestLogger,
  path: string,
  { id, method, correlationId }: FastifyRequest,
  { raw }: FastifyReply,
  responseTime: number,
): void {
  const isAnswered = raw.writableFinished;
  const line = {
    requestId: id,
    req: { method, path },
    ...(correlationId === null ? {} : { correlationId }),
    ...(isAnswered ? { res: { status: raw.statusCode } } : {}),
    responseTime,
  };
  const message = isAnswered ? 'request completed' : 'request aborted';
  if (isAnswered && raw.statusCode >= 500) logger.warn(line, message);
  else logger.info(line, message);
}
