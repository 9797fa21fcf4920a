import { z } from 'zod';
import { taskPools } from './task-pools.config.js';
import {
  fixed,
  httpBaseUrl,
  httpUrl,
  inFile,
  listOf,
  milliseconds,
  onOff,
  oneOf,
  open,
  origins,
  patterns,
  redactedPaths,
  redisUrl,
  secret,
  text,
  trustedProxies,
  type Variable,
  wholeNumber,
} from './variable.kinds.js';

/** Asymmetric algorithms of signatures: with a symmetric one this service could make the tokens that it verifies. */
const JWT_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/**
 * Every variable that the service reads, with its default; the only list of them.
 *
 * A default in brackets depends on other variables; `configuration.ts` computes it.
 */
export const VARIABLES = {
  NODE_ENV: fixed(
    text(),
    'development',
    '`production` changes the defaults of HOST, API_DOCS, SHUTDOWN_DELAY_MS, DB_MIGRATE and SIMULATOR, and needs AUTH_MODE',
  ),
  PORT: fixed(wholeNumber(0, 65_535), '8080', 'port of the REST API; 0 selects a free port'),
  HOST: open(text(), 'address to listen on', '[127.0.0.1; 0.0.0.0 in production]'),
  PUBLIC_BASE_URL: open(
    httpBaseUrl(),
    'base URL that makes `statusUrl` and `Location` absolute, for example https://api.example.com',
  ),
  TLS_CERT_FILE: open(
    text(),
    'file with the certificate of the service and its intermediates (PEM); the service then serves HTTPS only, and reads a renewed file without a restart',
    '[HTTP without TLS]',
  ),
  TLS_KEY_FILE: open(text(), 'file with the private key of TLS_CERT_FILE (PEM, without a passphrase)'),
  TLS_MIN_VERSION: fixed(
    oneOf('1.2', '1.3'),
    '1.2',
    'oldest version of TLS that the service accepts: 1.2, 1.3',
  ),
  CORS_ORIGINS: open(
    origins(),
    'origins of the websites whose scripts may call the API and read its responses, for example https://app.example.com, separated by commas',
    '[no other website]',
  ),
  API_DOCS: open(
    onOff(),
    'serve the OpenAPI document and Swagger UI under /docs: on, off',
    '[on; off in production]',
  ),
  DATA_DIR: fixed(text(), './data', 'folder of the SQLite files'),
  LOG_LEVEL: fixed(
    oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    'info',
    'lowest level that is logged',
  ),
  REDACT_PATHS: open(
    redactedPaths(),
    'values to hide in log, trail and texts of errors: paths separated by spaces or commas, matched at any depth, * for any name, for example customer.taxId *.email',
  ),
  HTTP_BODIES_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '4194304',
    'total bytes of request bodies over 16 KiB that are read, parsed and stored at the same time; further bodies wait',
  ),
  HTTP_BODY_LIMIT_BYTES: fixed(wholeNumber(1_024, 104_857_600), '1048576', 'largest request body in bytes'),
  HTTP_JSON_MAX_MEMBERS: fixed(
    wholeNumber(10, 10_000_000),
    '1000',
    'maximum number of object members in a request body, at all depths; the variables of a start count',
  ),
  HTTP_JSON_MAX_ITEMS: fixed(
    wholeNumber(10, 10_000_000),
    '10000',
    'maximum number of array items in a request body, at all depths',
  ),
  HTTP_REQUESTS_PER_CONNECTION: fixed(
    wholeNumber(1, 10_000),
    '20',
    'requests that a client may send on one connection before it receives the first response',
  ),
  EVENT_STREAMS_MAX: fixed(wholeNumber(1, 1_000_000), '1000', 'maximum number of open event streams'),
  EVENT_STREAMS_PER_CLIENT: fixed(
    wholeNumber(1, 1_000_000),
    '250',
    'maximum number of open event streams of one client (principal, else remote address)',
  ),
  HTTP_PAGE_MAX_BYTES: fixed(
    wholeNumber(1_024, 104_857_600),
    '1048576',
    'maximum bytes of rows in a page of processes or events; a page has at least one row and a cursor to the next page',
  ),
  HTTP_ANSWERS_MAX_BYTES: fixed(
    wholeNumber(1_048_576, 17_179_869_184),
    '134217728',
    'total bytes of large responses that clients have not read yet; one client may use half of it',
  ),
  HTTP_CONNECTIONS_MAX: fixed(
    wholeNumber(10, 1_000_000),
    '20000',
    'maximum number of open connections, at most half of the file descriptors; a further one replaces an idle connection',
  ),
  HTTP_HEADERS_TIMEOUT_MS: fixed(
    milliseconds(1_000),
    '20000',
    'how long a client may take to send the headers of a request, and to connect with TLS',
  ),
  HTTP_REQUEST_TIMEOUT_MS: fixed(
    milliseconds(1_000),
    '30000',
    'how long a client may take to send a request with its body; the wait for the response does not count',
  ),
  HTTP_WRITE_TIMEOUT_MS: fixed(
    milliseconds(100),
    '30000',
    'how long a client may read no byte of its response before the service closes the connection',
  ),
  KEEP_ALIVE_TIMEOUT_MS: fixed(
    milliseconds(1_000),
    '72000',
    'how long a connection may be idle between two requests; set it above the idle time-out of your load balancer (mostly 60 s; 620000 for 600 s)',
  ),
  AUTH_MODE: open(
    listOf('none', 'api-key', 'jwt'),
    'how callers are authenticated: api-key, jwt, both (api-key,jwt), or none; must be set in production',
    '[none; must be set in production]',
  ),
  API_KEYS_FILE: open(text(), 'file of the API keys, for AUTH_MODE=api-key; npm run api-key writes it'),
  JWT_JWKS_URL: open(
    httpUrl(),
    'URL of the public keys (JWKS) of the identity provider, for AUTH_MODE=jwt, for example https://id.example.com/.well-known/jwks.json',
  ),
  JWT_ISSUER: open(text(), 'the issuer (iss) of accepted tokens, exactly as the identity provider writes it'),
  JWT_AUDIENCE: open(
    text().transform((value) => value.split(/[\s,]+/).filter((word) => word !== '')),
    'the audience (aud) of accepted tokens; with several, separated by commas, a token needs one of them',
  ),
  JWT_ALGORITHMS: fixed(
    listOf(...JWT_ALGORITHMS),
    'RS256,PS256,ES256,EdDSA,Ed25519',
    'accepted algorithms of signatures, separated by commas; never a symmetric one',
  ),
  JWT_SCOPE_CLAIM: open(
    text(),
    'the claim of a token with its scopes, a text or a list; a path such as realm_access.roles works too',
    '[scope, else scp]',
  ),
  JWT_CLOCK_TOLERANCE_MS: fixed(
    wholeNumber(0, 600_000),
    '30000',
    'how far the clock of the identity provider may differ',
  ),
  RATE_LIMIT_MAX: open(
    wholeNumber(1, 1_000_000_000),
    'maximum number of requests of one caller (principal, else remote address) within RATE_LIMIT_WINDOW_MS; further requests return 429',
    '[no limit]',
  ),
  RATE_LIMIT_WINDOW_MS: fixed(wholeNumber(1_000, 86_400_000), '60000', 'window of RATE_LIMIT_MAX'),
  RATE_LIMIT_REDIS_URL: inFile({
    ...open(
      redisUrl(),
      'Redis in which all instances of the service count requests together, in a form of REDIS_URL',
      '[REDIS_URL; without it each instance counts in memory]',
    ),
    secret: true as const,
  }),
  TRUST_PROXY: open(
    trustedProxies(),
    'the proxies whose X-Forwarded-For is believed: addresses and networks separated by commas, or how many proxies are in front',
    '[none]',
  ),
  JWT_JWKS_COOLDOWN_MS: fixed(
    milliseconds(100),
    '30000',
    'shortest interval between two requests for the public keys',
  ),
  PROCESS_ERROR_HTTP_STATUS: fixed(
    oneOf('500', '422', '200').transform(Number),
    '500',
    'HTTP status of a start and a status request for a process that ended in error',
  ),

  SYNC_TIMEOUT_MS: fixed(
    milliseconds(),
    '25000',
    'how long a start waits for the result before it returns 202',
  ),
  SYNC_TIMEOUT_MAX_MS: fixed(milliseconds(), '55000', 'longest wait that a client may request'),
  EARLY_ANSWER: fixed(
    onOff(),
    'on',
    'whether a start returns 202 at once if its process only waits for people, messages or later timers',
  ),
  WAITROOM_MAX: fixed(
    wholeNumber(1, 1_000_000),
    '10000',
    'maximum number of waiting requests; further requests return 202 at once',
  ),
  WAITS_PER_CLIENT: fixed(
    wholeNumber(1, 1_000_000),
    '5000',
    'maximum number of waiting requests of one client (principal, else remote address); a further start returns 202 at once, a further status request 429',
  ),
  COMPLETE_UNKNOWN: fixed(
    oneOf('accept', 'refuse'),
    'accept',
    'whether POST /api/process/complete accepts an unknown id',
  ),

  CAMUNDA_BASE_URL: inFile(
    open(
      httpBaseUrl(),
      'REST base of Camunda 7, Operaton or CIB seven, for example http://camunda:8080/engine-rest',
      '[the embedded engine]',
    ),
  ),
  CAMUNDA_AUTH: open(
    oneOf('none', 'basic', 'bearer', 'oauth2'),
    'how the service authenticates itself to the engine: none, basic, bearer, oauth2',
    '[basic when CAMUNDA_BASE_URL has a user, else none]',
  ),
  CAMUNDA_USERNAME: open(text(), 'user of CAMUNDA_AUTH=basic'),
  CAMUNDA_PASSWORD: secret('password of CAMUNDA_USERNAME'),
  CAMUNDA_TOKEN: secret('token of CAMUNDA_AUTH=bearer'),
  CAMUNDA_TOKEN_URL: open(
    httpUrl(),
    'token endpoint of CAMUNDA_AUTH=oauth2, for example https://idp.example.com/realms/x/protocol/openid-connect/token',
  ),
  CAMUNDA_CLIENT_ID: open(text(), 'client id of CAMUNDA_AUTH=oauth2'),
  CAMUNDA_CLIENT_SECRET: secret('client secret of CAMUNDA_AUTH=oauth2'),
  CAMUNDA_CLIENT_AUTH: fixed(
    oneOf('basic', 'post'),
    'basic',
    'how the client secret is sent to the token endpoint: basic in the Authorization header, post in the form',
  ),
  CAMUNDA_TOKEN_SCOPE: open(text(), 'scopes to request, separated by spaces'),
  CAMUNDA_TOKEN_AUDIENCE: open(text(), 'audience to request, for token endpoints that want one'),
  CAMUNDA_TLS_CA_FILE: open(
    text(),
    'file with the CA certificates (PEM) that may sign the certificate of the engine',
    '[the CAs of Node.js]',
  ),
  CAMUNDA_TLS_CERT_FILE: open(
    text(),
    'file with the client certificate (PEM) of the service for mutual TLS with the engine',
  ),
  CAMUNDA_TLS_KEY_FILE: open(text(), 'file with the private key (PEM) of CAMUNDA_TLS_CERT_FILE'),
  CAMUNDA_TLS_KEY_PASSPHRASE: secret('passphrase of CAMUNDA_TLS_KEY_FILE'),
  CAMUNDA_MAX_TASKS: fixed(wholeNumber(1, 1_000), '50', 'external tasks that run in parallel'),
  CAMUNDA_LOCK_DURATION_MS: fixed(
    milliseconds(1_000),
    '20000',
    'lock duration of a fetched task; the lock is extended while the handler runs',
  ),
  CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: open(
    wholeNumber(0, 1_800_000),
    'how long the engine may hold a poll that finds no task',
    '[5000; 20000 with the embedded engine]',
  ),
  CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS: fixed(
    wholeNumber(50, 1_800_000),
    '200',
    'lower limit of this time if it is shortened because an engine of several nodes misses to wake polls',
  ),
  CAMUNDA_TASK_RETRIES: fixed(wholeNumber(0, 1_000), '3', 'retries after the first attempt of a step'),
  CAMUNDA_TASK_MAX_DURATION_MS: fixed(
    milliseconds(100),
    '300000',
    'maximum duration of a handler without its own limit; afterwards its attempt fails',
  ),
  CAMUNDA_TOPIC_SHARE: fixed(
    wholeNumber(1, 100),
    '80',
    'percentage of CAMUNDA_MAX_TASKS that one topic may use; a single topic uses all',
  ),
  CAMUNDA_POOLS: open(
    taskPools(),
    'pools of topics with their own polls and limits, for example {"slow":{"topics":["order.charge"],"maxTasks":10}}',
    '[one pool for all topics]',
  ),
  CAMUNDA_DEPLOY: open(
    onOff(),
    'deploy the process definitions of the service at boot: on, off',
    '[on with the embedded engine, else off]',
  ),
  CAMUNDA_START_TIMEOUT_MS: fixed(
    milliseconds(100),
    '10000',
    'time-out of the engine call that starts a process',
  ),

  START_ACK_TIMEOUT_MS: fixed(
    milliseconds(),
    '2000',
    'the service delays a 202 until the engine responds to the start, at most for this time',
  ),
  PROCESS_MAX_DURATION_MS: open(
    milliseconds(1_000),
    'maximum duration of a process without its own limit; afterwards it ends as EXPIRED',
    '[no limit]',
  ),
  START_LEASE_MS: fixed(
    milliseconds(100),
    '15000',
    'how long one instance of the service owns an unresolved start',
  ),
  START_SETTLE_MS: fixed(milliseconds(), '30000', 'pause before an ambiguous start is repeated'),
  START_MAX_ATTEMPTS: fixed(
    wholeNumber(1, 100),
    '5',
    'attempts of a start that the engine may answer with 500',
  ),
  START_CONCURRENCY: fixed(wholeNumber(1, 1_000), '16', 'stored starts that are resolved in parallel'),
  START_BACKLOG_MAX: fixed(
    wholeNumber(1, 10_000_000),
    '10000',
    'maximum number of stored starts while the engine is unavailable',
  ),

  START_IN_FLIGHT_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '33554432',
    'maximum bytes of variables of the starts that the engine has not answered; the reconciler sends further large starts later',
  ),

  EMBEDDED_ENGINE_PORT: open(
    wholeNumber(0, 65_535),
    'loopback port on which the embedded engine serves its REST API; 0 selects a free port',
    '[no port]',
  ),
  EMBEDDED_ENGINE_OPEN: fixed(
    onOff(),
    'off',
    'accept requests to EMBEDDED_ENGINE_PORT without the token of DATA_DIR/embedded-engine.token and from pages of any website, for development only: on, off',
  ),
  EMBEDDED_TRANSPORT: fixed(
    oneOf('inproc', 'http'),
    'inproc',
    'how the service calls the embedded engine: inproc without a socket, http over EMBEDDED_ENGINE_PORT',
  ),
  EMBEDDED_ENGINE_SCRIPTS: fixed(
    onOff(),
    'off',
    'run JavaScript of script tasks and mappings in the embedded engine, without a sandbox: on, off',
  ),

  DB_TYPE: open(
    oneOf('sqlite', 'postgres', 'mssql'),
    'kind of database',
    '[sqlite; mssql when DB_HOST is set]',
  ),
  DB_HOST: open(text(), 'database server'),
  DB_PORT: open(wholeNumber(1, 65_535), 'port of the database server', '[1433 for mssql, 5432 for postgres]'),
  DB_INSTANCE: open(
    text().regex(/^[^\\,;\s]+$/, 'must be the name of an instance, without its server'),
    'named instance of SQL Server; SQL Server Browser (UDP port 1434 of DB_HOST) tells its port',
  ),
  DB_MULTI_SUBNET_FAILOVER: fixed(
    onOff(),
    'off',
    'connect to all addresses of DB_HOST at the same time, for the listener of an availability group: on, off',
  ),
  DB_READ_ONLY_INTENT: fixed(
    onOff(),
    'off',
    'search lists of processes on a readable secondary of the availability group; they may be older: on, off',
  ),
  DB_READ_ONLY_HOST: open(
    text(),
    'server on which lists of processes are searched instead; they may be older',
    '[none; DB_HOST with DB_READ_ONLY_INTENT=on]',
  ),
  DB_NAME: open(text(), 'name of the database'),
  DB_USER: open(text(), 'login of the database'),
  DB_PASSWORD: secret('password of DB_USER'),
  DB_AUTH: fixed(
    oneOf('sql', 'entra-default', 'entra-service-principal', 'entra-managed-identity'),
    'sql',
    'how the service logs in: sql with DB_USER and DB_PASSWORD; to SQL Server also with Microsoft Entra ID: entra-default, entra-service-principal, entra-managed-identity',
  ),
  DB_CLIENT_ID: open(text(), 'client id of the service principal, or of a user-assigned managed identity'),
  DB_CLIENT_SECRET: secret('client secret of the service principal'),
  DB_TENANT_ID: open(
    // The characters that Azure's library accepts.
    text().regex(/^[0-9A-Za-z.-]+$/, 'must be the id or the domain of a tenant'),
    'tenant of the service principal',
  ),
  DB_SCHEMA: open(
    text().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'must be a name of letters, digits and _'),
    'schema of the tables',
    '[the default schema of DB_USER]',
  ),
  DB_ENCRYPT: open(
    onOff(),
    'encrypt the connection to the server: on, off',
    '[on for mssql, off for postgres]',
  ),
  DB_TRUST_SERVER_CERTIFICATE: fixed(
    onOff(),
    'off',
    'accept any certificate of the server, for development only: on, off',
  ),
  DB_CA_FILE: open(text(), 'file with the CA certificate of the server'),
  DB_POOL_MAX: fixed(wholeNumber(2, 1_000), '10', 'maximum number of connections to the server'),
  DB_CONNECT_TIMEOUT_MS: fixed(milliseconds(1), '5000', 'time-out for opening a connection to the server'),
  DB_STATEMENT_TIMEOUT_MS: fixed(
    milliseconds(100),
    '15000',
    'how long a statement may run or wait for a lock',
  ),
  DB_BOOT_TIMEOUT_MS: fixed(
    milliseconds(),
    '60000',
    'how long the boot tries to reach the server before it fails',
  ),
  DB_MIGRATE: open(
    onOff(),
    'run the migrations of the server at boot; if off, use npm run migration:run: on, off',
    '[on; off in production]',
  ),
  WAKE_UPS: open(
    oneOf('redis', 'postgres', 'off'),
    'what tells the other instances that a process has ended: redis (REDIS_URL), postgres (LISTEN and NOTIFY, not through a pooler that shares connections), off',
    '[redis when REDIS_URL is set, postgres with PostgreSQL, else off]',
  ),
  REDIS_URL: inFile({
    ...open(
      redisUrl(),
      'Redis for several instances of the service: redis://user:password@host:6379/0, rediss:// with TLS, redis+sentinel://host:26379,host:26379/master, redis+cluster://host:6379,host:6379',
    ),
    secret: true as const,
  }),
  REDIS_TLS_CA_FILE: open(
    text(),
    'file with the CA certificates (PEM) that may sign the certificates of Redis',
    '[the CAs of Node.js]',
  ),
  REDIS_TLS_CERT_FILE: open(
    text(),
    'file with the client certificate (PEM) of the service for mutual TLS with Redis',
  ),
  REDIS_TLS_KEY_FILE: open(
    text(),
    'file with the private key (PEM, without a passphrase) of REDIS_TLS_CERT_FILE',
  ),
  WRITE_QUEUE_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '67108864',
    'maximum bytes that wait to be written',
  ),
  PROCESS_CACHE_MAX_BYTES: fixed(
    wholeNumber(65_536, 17_179_869_184),
    '67108864',
    'maximum bytes of processes in memory; other processes are read from the table',
  ),
  WRITE_WAIT_MS: fixed(
    milliseconds(),
    '5000',
    'how long a request waits for its write before it returns 503',
  ),
  EVENT_LOG_MAX_BYTES: fixed(
    wholeNumber(256, 1_073_741_824),
    '32768',
    'maximum bytes of the request and response data of an event; longer data is truncated',
  ),

  RETENTION_DAYS: open(
    wholeNumber(1, 36_500),
    'days until a final process and its events are archived or deleted; its id can then be used again',
    '[off]',
  ),
  RETENTION_MODE: fixed(
    oneOf('archive', 'delete'),
    'archive',
    'archive moves rows to process_store_archive and event_log_archive; delete deletes them',
  ),

  HTTP_TIMEOUT_MS: fixed(milliseconds(1), '35000', 'time-out of an outside call of a step'),
  HTTP_MAX_CONNECTIONS: fixed(
    wholeNumber(1, 10_000),
    '100',
    'maximum number of connections to one host (engine or partner); at most an eighth of the file descriptors',
  ),
  HTTP_PROXY: inFile(
    open(
      httpBaseUrl(),
      'proxy for calls to the engine and to partners, for example http://proxy:3128; never used for loopback; http_proxy works too',
    ),
  ),
  HTTPS_PROXY: inFile(open(httpBaseUrl(), 'proxy for https URLs', '[HTTP_PROXY]')),
  NO_PROXY: open(
    text(),
    'hosts that are called without a proxy, separated by commas: db.local,.internal,10.0.0.5:8080',
  ),
  HTTP_REDACTED_PATHS: {
    ...open(
      patterns(),
      'regular expressions, separated by spaces; matches in the paths of outside calls become *** in log, trail and errors',
    ),
    // A pattern may be the secret itself.
    secret: true,
    inFile: true,
  },
  BACKGROUND_CHECK_URL: inFile(
    open(httpUrl(), 'URL of the background check of onboard-user', '[the partner simulator]'),
  ),
  ONBOARDING_API_URL: inFile(
    open(httpUrl(), 'URL of the onboarding of onboard-user', '[the partner simulator]'),
  ),
  SIMULATOR: open(
    onOff(),
    'simulate partners that have no URL; if off, the boot fails without the URLs: on, off',
    '[on; off in production]',
  ),
  SIMULATOR_SLOW_MS: fixed(
    milliseconds(),
    '30000',
    'response time of the simulator for a userId that starts with slow-',
  ),

  SHUTDOWN_TIMEOUT_MS: fixed(milliseconds(), '20000', 'how long a stop waits for running work'),
  SHUTDOWN_DELAY_MS: open(
    milliseconds(),
    'how long a stopping service still serves requests after it reports not ready',
    '[0; 5000 in production]',
  ),
} as const satisfies Record<string, Variable<z.ZodType>>;

export type VariableName = keyof typeof VARIABLES;

/** The variables that may be in a file, each with the variable that names its file. */
export const SECRET_FILES: ReadonlyMap<string, string> = new Map(
  Object.entries(VARIABLES)
    .filter(([, variable]) => 'inFile' in variable)
    .map(([name]) => [name, `${name}_FILE`]),
);

/** The environment after parsing: one property for each variable, defaults applied. */
export type Environment = { readonly [N in VariableName]: z.output<(typeof VARIABLES)[N]['schema']> };

/** Parses a whole environment; unknown variables are ignored. */
export const environmentSchema = z.object(
  Object.fromEntries(Object.entries(VARIABLES).map(([name, variable]) => [name, variable.schema])),
) as unknown as z.ZodType<Environment>;
