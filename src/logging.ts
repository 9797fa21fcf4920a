import type { Params } from 'nestjs-pino';
import { pino, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { scrubUrls } from './common/urls/index.js';
import type { Configuration } from './config/index.js';

/** What Nest says of its own wiring, a line for each module and route: of use to whoever looks for a fault in it. */
const WIRING_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Structured logs: JSON lines, pretty only on a terminal. Requests have a hook of their own (`common/request-log/`). */
export function loggingOptions(configuration: Configuration): Params {
  const stream = process.stdout.isTTY
    ? pretty({ singleLine: true, sync: true })
    : pino.destination({ sync: true });
  const logger = pino(
    {
      level: configuration.log.level,
      hooks: { logMethod: quietWiring },
      serializers: { err: describeError },
    },
    stream,
  );
  // The serializer a second time: nestjs-pino makes a logger of its own of these options.
  return { pinoHttp: { logger, serializers: { err: describeError } }, forRoutes: [] };
}

/**
 * An error without what it carries: details and bodies may hold what a client sent. The trail keeps them, redacted.
 */
export function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, status } = error as { readonly code?: unknown; readonly status?: unknown };
  return {
    type: error.name,
    message: scrubUrls(error.message),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(error.stack === undefined ? {} : { stack: scrubUrls(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** Writes Nest's wiring lines at `debug`, whose own call of this hook passes through; faults of the wiring keep their level. */
const quietWiring: NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> = function (
  args,
  method,
  level,
) {
  const [line] = args as unknown as [unknown];
  const isWiring =
    typeof line === 'object' && line !== null && 'context' in line && WIRING_CONTEXTS.has(line.context);
  if (isWiring && level === pino.levels.values.info) this.debug(line);
  else method.apply(this, args);
};
