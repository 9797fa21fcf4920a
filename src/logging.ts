import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Params } from 'nestjs-pino';
import { pino, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import type { Configuration } from './config/index.js';

/** A request id that is taken over from the client. */
const REQUEST_ID_PATTERN = /^[A-Za-z0-9._-]{1,128}$/;

/** What Nest says of its own wiring, a line for each module and route: of use to whoever looks for a fault in it. */
const WIRING_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

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
        customErrorMessage: () => 'request completed',
        customErrorObject: (_request, response, error, line: Record<string, unknown>) =>
          withoutInventedError(response, error, line),
        autoLogging: { ignore: (request) => /^\/(health|metrics|docs)\b/.test(pathOf(request)) },
        hooks: { logMethod: quietWiring },
        serializers: {
          err: describeError,
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

/**
 * An error without what it carries: details and bodies may hold what a client sent. The trail keeps them, redacted.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, status } = error as { readonly code?: unknown; readonly status?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** pino-http makes up an Error for every 5xx; the outcome of a process is none. */
function withoutInventedError(
  response: ServerResponse,
  error: Error,
  line: Record<string, unknown>,
): Record<string, unknown> {
  if (error.message !== `failed with status code ${response.statusCode}`) return line;
  const { err: _invented, ...rest } = line;
  return rest;
}

const quietWiring: NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> = function (args, method) {
  const [line] = args as unknown as [unknown];
  const isWiring =
    typeof line === 'object' && line !== null && 'context' in line && WIRING_CONTEXTS.has(line.context);
  if (!isWiring) method.apply(this, args);
  else if (this.isLevelEnabled('debug')) this.debug(line);
};

/** The path as it was sent: what runs before the router sees a shortened `url`. */
function pathOf(request: IncomingMessage & { readonly originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '/';
}

function correlationIdOfPath(path: string): { correlationId?: string } {
  const id = /^\/api\/process\/status\/([^/?]+)/.exec(path)?.[1];
  return id === undefined || id === 'all' ? {} : { correlationId: id };
}
