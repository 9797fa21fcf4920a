import type { Params } from 'nestjs-pino';
import { pino, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { scrubUrls } from './common/urls/index.js';
import type { Configuration } from './config/index.js';

/** Contexts in which Nest logs its wiring, one line per module and route; useful only to find a fault in it. */
const WIRING_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Options of the structured log: JSON lines, formatted only on a terminal. `common/request-log/` logs the requests. */
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
  // The serializer twice, because nestjs-pino creates another logger from these options.
  return { pinoHttp: { logger, serializers: { err: describeError } }, forRoutes: [] };
}

/**
 * An error without details and bodies, which may contain what a client sent. The trail has them, redacted.
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

/** Logs Nest's wiring lines at `debug` instead of `info`; faults of the wiring keep their level. */
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
