import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import type { Configuration } from './config/index.js';

/** A request id that is taken over from the client. */
const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** The id of a request: `X-Request-Id` where it is well-formed, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && REQUEST_ID_PATTERN.test(given) ? given : randomUUID();
}

/** Structured logs: JSON lines, pretty only on a terminal; requests without bodies, headers or queries. */
export function loggingOptions(configuration: Configuration): Params {
  const stream = process.stdout.isTTY
    ? pretty({ singleLine: true, sync: true })
    : pino.destination({ sync: true });
  return {
    // What a handler assigns, the correlation id above all, is on the line of the answer too.
    assignResponse: true,
    pinoHttp: [
      {
        level: configuration.log.level,
        // Fastify has made the id already, by the same rule.
        genReqId: (request) => request.id,
        quietReqLogger: true,
        customAttributeKeys: { reqId: 'requestId' },
        customProps: (request) => correlationIdOfPath(pathOf(request)),
        customLogLevel: (_request: IncomingMessage, response: ServerResponse, error?: Error) =>
          error !== undefined || response.statusCode >= 500 ? 'warn' : 'info',
        autoLogging: { ignore: (request) => /^\/(health|metrics|docs)\b/.test(pathOf(request)) },
        serializers: {
          req: (request: { id: string; method: string; url: string }) => ({
            method: request.method,
            path: request.url.split('?', 1)[0],
          }),
          res: (response: { statusCode: number }) => ({ status: response.statusCode }),
        },
      },
      stream,
    ],
  };
}

/** The path as it was sent: what runs before the router sees a shortened `url`. */
function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '/';
}

function correlationIdOfPath(path: string): { correlationId?: string } {
  const id = /^\/api\/process\/status\/([^/?]+)/.exec(path)?.[1];
  return id === undefined || id === 'all' ? {} : { correlationId: id };
}
