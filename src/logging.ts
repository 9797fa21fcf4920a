import type { Params } from 'nestjs-pino';
import { type DestinationStream, pino, type LoggerOptions } from 'pino';
import pretty from 'pino-pretty';
import { LogRedactor, Redactor } from './common/redaction/index.js';
import type { Configuration } from './config/index.js';

/** Contexts in which Nest logs its wiring, one line per module and route; useful only to find a fault in it. */
const WIRING_CONTEXTS: ReadonlySet<unknown> = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** The configuration in the log has its secrets masked already; groups like `auth` are to be seen. */
const MASKED_MEMBERS: ReadonlySet<string> = new Set(['configuration']);

/**
 * Options of the structured log: JSON lines, formatted only on a terminal. Every line is redacted and bounded before it is
 * written. `common/request-log/` logs the requests.
 *
 * @param destination of the lines; default: standard output
 */
export function loggingOptions(configuration: Configuration, destination?: DestinationStream): Params {
  const redactor = new LogRedactor(new Redactor({ paths: configuration.redaction.paths }), MASKED_MEMBERS);
  const stream =
    destination ??
    (process.stdout.isTTY ? pretty({ singleLine: true, sync: true }) : pino.destination({ sync: true }));
  const serializers = { err: (error: unknown) => (error instanceof Error ? redactor.redact(error) : error) };
  const logger = pino(
    { level: configuration.log.level, hooks: { logMethod: logMethodOf(redactor) }, serializers },
    stream,
  );
  // The serializer twice, because nestjs-pino creates another logger from these options.
  return { pinoHttp: { logger, serializers }, forRoutes: [] };
}

/** Redacts the values of a line, and logs Nest's wiring lines at `debug` instead of `info`; faults of the wiring keep their level. */
function logMethodOf(redactor: LogRedactor): NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']> {
  return function (args, method, level) {
    const [line] = args as unknown as [unknown];
    const isWiring =
      typeof line === 'object' && line !== null && 'context' in line && WIRING_CONTEXTS.has(line.context);
    if (isWiring && level === pino.levels.values.info) this.debug(line);
    else method.apply(this, args.map((value: unknown) => redacted(redactor, value)) as typeof args);
  };
}

/** Pino would write the members of a redacted error beside those of the line. */
function redacted(redactor: LogRedactor, value: unknown): unknown {
  return value instanceof Error ? { err: redactor.redact(value) } : redactor.redact(value);
}
