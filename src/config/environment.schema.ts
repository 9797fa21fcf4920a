import { z } from 'zod';

/** How long setTimeout can wait: 2^31 − 1 ms. */
const MAX_TIMER_MS = 2_147_483_647;

const unsetWhenEmpty = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() === '' ? undefined : value;

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z
    .string({ error })
    .trim()
    .regex(/^\d+$/, { error })
    .transform(Number)
    .pipe(z.number().min(min, { error }).max(max, { error }));
}

const milliseconds = (min = 0) => wholeNumber(min, MAX_TIMER_MS);

const text = () => z.string({ error: 'must be text' }).trim();

function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, { error: `must be one of: ${values.join(', ')}` });
}

const onOff = () => oneOf('on', 'off').transform((value) => value === 'on');

const httpUrl = () =>
  z
    .url({ protocol: /^https?$/, error: 'must be an absolute http:// or https:// URL' })
    .refine(hasReadableCredentials, {
      error:
        'must have each % of its user name and password written as %25, and other special characters likewise',
    })
    .transform((value) => value.replace(/^([^?#]*?)\/+(?=[?#]|$)/, '$1'));

/** A % that is no escape is found here, and not at each call. */
function hasReadableCredentials(value: string): boolean {
  // What is no URL at all has its own fault.
  if (!URL.canParse(value)) return true;
  const { username, password } = new URL(value);
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}

/** A URL to which paths are appended as text. */
const httpBaseUrl = () =>
  httpUrl().refine((value) => !/[?#]/.test(value), { error: 'must have no query and no fragment' });

const patterns = () =>
  text()
    .transform((value) => value.split(/\s+/))
    .refine((values) => values.every(isPattern), {
      error: 'must be regular expressions, separated by spaces',
    });

function isPattern(value: string): boolean {
  try {
    new RegExp(value, 'g');
    return true;
  } catch {
    return false;
  }
}

const optional = <T extends z.ZodType>(schema: T) => z.preprocess(unsetWhenEmpty, schema.optional());

const withDefault = <T extends z.ZodType>(schema: T, fallback: string) =>
  z.preprocess((value) => unsetWhenEmpty(value) ?? fallback, schema);

/** One environment variable: its schema, and what `.env.example` and the documentation say of it. */
interface Variable<T extends z.ZodType> {
  readonly schema: T;
  /** As it stands in `.env.example`; empty where there is none. */
  readonly default: string;
  readonly description: string;
  /** Never printed, not even masked in part. */
  readonly secret?: true;
}

const fixed = <T extends z.ZodType>(schema: T, fallback: string, description: string) => ({
  schema: withDefault(schema, fallback),
  default: fallback,
  description,
});

const open = <T extends z.ZodType>(schema: T, description: string, fallback = '') => ({
  schema: optional(schema),
  default: fallback,
  description,
});

/**
 * Every variable that the service reads, with its default; the only list of them.
 *
 * Defaults are those of the design; one in brackets depends on other variables and is settled in
 * `configuration.ts`.
 */
export const VARIABLES = {
  NODE_ENV: fixed(
    text(),
    'development',
    '`production` changes the defaults of HOST, SHUTDOWN_DELAY_MS, DB_MIGRATE and SIMULATOR',
  ),
  PORT: fixed(wholeNumber(0, 65_535), '8080', 'port of the REST API; 0 takes any free one'),
  HOST: open(text(), 'address to listen on', '[127.0.0.1; 0.0.0.0 in production]'),
  PUBLIC_BASE_URL: open(
    httpBaseUrl(),
    'makes `statusUrl` and `Location` absolute, for example https://api.example.com',
  ),
  DATA_DIR: fixed(text(), './data', 'folder of the SQLite file'),
  LOG_LEVEL: fixed(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'least level that is logged',
  ),
  HTTP_BODIES_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '4194304',
    'bytes of the request bodies over 16 KiB that are read, parsed and stored at the same time; further ones wait',
  ),
  HTTP_BODY_LIMIT_BYTES: fixed(wholeNumber(1_024, 104_857_600), '1048576', 'largest request body in bytes'),
  HTTP_JSON_MAX_MEMBERS: fixed(
    wholeNumber(10, 10_000_000),
    '1000',
    'members that the objects of a request body may have, counted over every depth; variables of a start count',
  ),
  HTTP_JSON_MAX_ITEMS: fixed(
    wholeNumber(10, 10_000_000),
    '10000',
    'items that the arrays of a request body may have, counted over every depth',
  ),
  HTTP_REQUESTS_PER_CONNECTION: fixed(
    wholeNumber(1, 10_000),
    '20',
    'requests that a client may send on one connection before the first of them is answered',
  ),
  EVENT_STREAMS_MAX: fixed(wholeNumber(1, 1_000_000), '1000', 'streams of events that may be open'),
  EVENT_STREAMS_PER_CLIENT: fixed(
    wholeNumber(1, 1_000_000),
    '250',
    'streams of events that one client, which is one remote address, may have open',
  ),
  HTTP_PAGE_MAX_BYTES: fixed(
    wholeNumber(1_024, 104_857_600),
    '1048576',
    'bytes of rows in a page of processes or events; a page has at least one, and says where the next one begins',
  ),
  HTTP_ANSWERS_MAX_BYTES: fixed(
    wholeNumber(1_048_576, 17_179_869_184),
    '134217728',
    'bytes of large answers that may wait for their clients to read them; one client may have half of it',
  ),
  HTTP_WRITE_TIMEOUT_MS: fixed(
    milliseconds(100),
    '30000',
    'how long a client may take no byte of its answer before it is cut',
  ),
  KEEP_ALIVE_TIMEOUT_MS: fixed(
    milliseconds(1_000),
    '72000',
    'how long a connection may be idle between two requests; longer than the load balancer in front keeps its own, which is 60 s for most, 620000 for one with 600 s',
  ),
  PROCESS_ERROR_HTTP_STATUS: fixed(
    oneOf('500', '422', '200').transform(Number),
    '500',
    'status of start and status for a process that ended in error',
  ),

  SYNC_TIMEOUT_MS: fixed(
    milliseconds(),
    '25000',
    'how long a start waits for the result before it answers 202',
  ),
  SYNC_TIMEOUT_MAX_MS: fixed(milliseconds(), '55000', 'longest wait that a client may ask for'),
  WAITROOM_MAX: fixed(
    wholeNumber(1, 1_000_000),
    '10000',
    'waiting requests at the most; further ones get 202 at once',
  ),
  WAITS_PER_CLIENT: fixed(
    wholeNumber(1, 1_000_000),
    '5000',
    'requests of one client, which is one remote address, that may wait; a further start gets 202 at once, a further question 429',
  ),
  COMPLETE_UNKNOWN: fixed(
    oneOf('accept', 'refuse'),
    'accept',
    'what POST /api/process/complete does with an id that is not known',
  ),

  CAMUNDA_BASE_URL: open(
    httpBaseUrl(),
    'REST base of Camunda 7, Operaton or CIB seven, for example http://camunda:8080/engine-rest',
    '[the embedded engine]',
  ),
  CAMUNDA_MAX_TASKS: fixed(wholeNumber(1, 1_000), '50', 'external tasks that run at the same time'),
  CAMUNDA_LOCK_DURATION_MS: fixed(
    milliseconds(1_000),
    '20000',
    'lock of a fetched task; extended while its handler runs',
  ),
  CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: open(
    wholeNumber(0, 1_800_000),
    'how long the engine may hold a poll that finds nothing',
    '[5000; 20000 with the embedded engine]',
  ),
  CAMUNDA_TASK_RETRIES: fixed(wholeNumber(0, 1_000), '3', 'retries after the first attempt of a step'),
  CAMUNDA_TASK_MAX_DURATION_MS: fixed(
    milliseconds(100),
    '300000',
    'how long a handler may run that names no limit of its own; then its attempt has failed',
  ),
  CAMUNDA_TOPIC_SHARE: fixed(
    wholeNumber(1, 100),
    '80',
    'percent of CAMUNDA_MAX_TASKS that one topic may hold; with a single topic all',
  ),
  CAMUNDA_DEPLOY: open(
    onOff(),
    'deploy our process definitions at start: on, off',
    '[on with the embedded engine, else off]',
  ),
  CAMUNDA_START_TIMEOUT_MS: fixed(
    milliseconds(100),
    '10000',
    'how long the engine may take to answer a start',
  ),

  START_ACK_TIMEOUT_MS: fixed(
    milliseconds(),
    '2000',
    'no 202 is sent before the engine has answered the start or this time has passed',
  ),
  PROCESS_MAX_DURATION_MS: open(
    milliseconds(1_000),
    'how long a process may run whose definition names no time of its own; then it is EXPIRED',
    '[no limit]',
  ),
  START_LEASE_MS: fixed(milliseconds(100), '15000', 'how long one instance owns an unresolved start'),
  START_SETTLE_MS: fixed(
    milliseconds(),
    '30000',
    'quiet time after an ambiguous start before it is made again',
  ),
  START_MAX_ATTEMPTS: fixed(wholeNumber(1, 100), '5', 'starts that the engine may answer with 500'),
  START_CONCURRENCY: fixed(wholeNumber(1, 1_000), '16', 'stored starts that are resolved at the same time'),
  START_BACKLOG_MAX: fixed(
    wholeNumber(1, 10_000_000),
    '10000',
    'starts that may be stored while the engine is away',
  ),

  START_IN_FLIGHT_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '33554432',
    'variables of the starts that the engine has not answered yet; further starts with long ones are left to the reconciler',
  ),

  EMBEDDED_ENGINE_PORT: fixed(
    wholeNumber(0, 65_535),
    '0',
    'loopback port of the embedded engine; 0 takes any free one',
  ),
  EMBEDDED_TRANSPORT: fixed(
    oneOf('inproc', 'http'),
    'inproc',
    'how the service speaks to the embedded engine: inproc without a socket, http over the loopback port, which is open in any case',
  ),
  EMBEDDED_ENGINE_SCRIPTS: fixed(
    onOff(),
    'off',
    'whether the embedded engine runs JavaScript of script tasks and mappings, without a sandbox: on, off',
  ),

  DB_TYPE: open(
    oneOf('sqlite', 'postgres', 'mssql'),
    'kind of database',
    '[sqlite; mssql when DB_HOST is set]',
  ),
  DB_HOST: open(text(), 'database server'),
  DB_PORT: open(wholeNumber(1, 65_535), 'port of the database server', '[1433 for mssql, 5432 for postgres]'),
  DB_NAME: open(text(), 'name of the database'),
  DB_USER: open(text(), 'login of the database'),
  DB_PASSWORD: { ...open(z.string(), 'password of DB_USER'), secret: true },
  DB_SCHEMA: open(
    text().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be a name of letters, digits and _'),
    'schema of the tables',
    '[the default schema of DB_USER]',
  ),
  DB_ENCRYPT: open(
    onOff(),
    'whether the connection to the server is encrypted: on, off',
    '[on for mssql, off for postgres]',
  ),
  DB_TRUST_SERVER_CERTIFICATE: fixed(
    onOff(),
    'off',
    'whether any certificate of the server is taken, for development: on, off',
  ),
  DB_CA_FILE: open(text(), 'file with the certificate of the authority that signed that of the server'),
  DB_POOL_MAX: fixed(wholeNumber(2, 1_000), '10', 'connections to the server that are held at the most'),
  DB_CONNECT_TIMEOUT_MS: fixed(
    milliseconds(1),
    '5000',
    'how long a connection to the server may take to be made',
  ),
  DB_STATEMENT_TIMEOUT_MS: fixed(
    milliseconds(100),
    '15000',
    'how long a statement may run on the server, or wait for a lock',
  ),
  DB_BOOT_TIMEOUT_MS: fixed(
    milliseconds(),
    '60000',
    'how long a boot tries to reach the server before it ends',
  ),
  DB_MIGRATE: open(
    onOff(),
    'whether the boot brings the schema of the server up to date; where off, npm run migration:run does: on, off',
    '[on; off in production]',
  ),
  WRITE_QUEUE_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '67108864',
    'bytes that may wait to be written',
  ),
  PROCESS_CACHE_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '67108864',
    'bytes of processes that are held in memory; others are read from the table',
  ),
  WRITE_WAIT_MS: fixed(
    milliseconds(),
    '5000',
    'how long a request waits for its write before it answers 503',
  ),
  EVENT_LOG_MAX_BYTES: fixed(
    wholeNumber(256, 1_073_741_824),
    '32768',
    'request and response data of an event are cut at this size',
  ),

  RETENTION_DAYS: open(
    wholeNumber(1, 36_500),
    'days after which a final process and its events are archived or deleted; its id is free then',
    '[off]',
  ),
  RETENTION_MODE: fixed(
    oneOf('archive', 'delete'),
    'archive',
    'what RETENTION_DAYS does: archive moves to process_store_archive and event_log_archive, delete deletes',
  ),

  HTTP_TIMEOUT_MS: fixed(milliseconds(1), '35000', 'time-out of a call that a step makes to the outside'),
  HTTP_MAX_CONNECTIONS: fixed(
    wholeNumber(1, 10_000),
    '100',
    'connections to one host, the engine or a partner, at the same time; an eighth of the file descriptors where that is less',
  ),
  HTTP_PROXY: open(
    httpBaseUrl(),
    'proxy for calls to the engine and to partners, for example http://proxy:3128; loopback is never asked through it; http_proxy counts as well',
  ),
  HTTPS_PROXY: open(httpBaseUrl(), 'the same for https addresses', '[HTTP_PROXY]'),
  NO_PROXY: open(
    text(),
    'hosts that are asked without a proxy, separated by commas: db.local,.internal,10.0.0.5:8080',
  ),
  HTTP_REDACTED_PATHS: {
    ...open(
      patterns(),
      'regular expressions, separated by spaces, of what is *** in the paths of calls to the outside in log, trail and errors',
    ),
    // A pattern may be the secret itself.
    secret: true,
  },
  BACKGROUND_CHECK_URL: open(
    httpUrl(),
    'where onboard-user runs its background check',
    '[the partner simulator]',
  ),
  ONBOARDING_API_URL: open(httpUrl(), 'where onboard-user onboards', '[the partner simulator]'),
  SIMULATOR: open(
    onOff(),
    'whether a simulator answers for a partner that has no URL; else the boot ends: on, off',
    '[on; off in production]',
  ),
  SIMULATOR_SLOW_MS: fixed(
    milliseconds(),
    '30000',
    'how long the simulator takes for a userId that begins with slow-',
  ),

  SHUTDOWN_TIMEOUT_MS: fixed(milliseconds(), '20000', 'how long running work may take at a stop'),
  SHUTDOWN_DELAY_MS: open(
    milliseconds(),
    'how long a stopping service still serves after it said that it is not ready',
    '[0; 5000 in production]',
  ),
} as const satisfies Record<string, Variable<z.ZodType>>;

export type VariableName = keyof typeof VARIABLES;

/** The environment after parsing: one property for each variable, defaults applied. */
export type Environment = { readonly [N in VariableName]: z.output<(typeof VARIABLES)[N]['schema']> };

/** Parses a whole environment; variables that are not ours are ignored. */
export const environmentSchema = z.object(
  Object.fromEntries(Object.entries(VARIABLES).map(([name, variable]) => [name, variable.schema])),
) as unknown as z.ZodType<Environment>;
