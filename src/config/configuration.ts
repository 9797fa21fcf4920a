import { BootError } from '../common/errors/index.js';
import type { Configuration, DatabaseServerConfig, ServerTlsConfig } from './configuration.types.js';
import { authFaults, authOf } from './auth.config.js';
import { databaseAddressFaults } from './database-address.config.js';
import { databaseAuthFaults, databaseAuthOf } from './database-auth.config.js';
import { withoutServiceLinks } from './environment.advice.js';
import { engineAccessFaults, engineAuthOf, engineTlsOf } from './engine-access.config.js';
import { type Environment, environmentSchema } from './environment.schema.js';
import { rateLimitRedisOf, redisFaults, redisOf, wakeUpsOf } from './redis.config.js';
import { readSecretFiles } from './secret.files.js';
import { isReadable } from './tls.files.js';

/** An invalid environment, with all its faults; stops the boot. The message names variables, never their values. */
export class ConfigurationError extends BootError {
  override readonly name = 'ConfigurationError';

  constructor(readonly faults: readonly string[]) {
    super(
      `The environment is not valid, nothing was started. Correct ${faults.length === 1 ? 'this' : 'these'} and start again:\n` +
        faults.map((fault) => `  - ${fault}`).join('\n'),
    );
  }
}

/**
 * Creates the configuration from environment variables.
 *
 * @param variables names and values, as in `process.env`
 * @throws ConfigurationError with all faults
 */
export function createConfiguration(variables: Readonly<Record<string, string | undefined>>): Configuration {
  const secrets = readSecretFiles({ ...withoutServiceLinks(variables), ...proxiesOf(variables) });
  const parsed = environmentSchema.safeParse(secrets.variables);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`);
    throw new ConfigurationError([...secrets.faults, ...faults]);
  }
  // A file that cannot be read would also count as a variable that is not set.
  const faults = secrets.faults.length > 0 ? secrets.faults : findContradictions(parsed.data);
  if (faults.length > 0) throw new ConfigurationError(faults);
  return group(parsed.data, secrets.paths);
}

/** Proxy variables are common in both cases; the older, lower-case name takes precedence. */
function proxiesOf(
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map((name) => [
      name,
      variables[name.toLowerCase()] ?? variables[name],
    ]),
  );
}

function findContradictions(env: Environment): string[] {
  const faults: string[] = tlsFaults(env);
  if (env.HTTP_HEADERS_TIMEOUT_MS > env.HTTP_REQUEST_TIMEOUT_MS) {
    faults.push('HTTP_HEADERS_TIMEOUT_MS must not be greater than HTTP_REQUEST_TIMEOUT_MS.');
  }
  if (env.SYNC_TIMEOUT_MS > env.SYNC_TIMEOUT_MAX_MS) {
    faults.push('SYNC_TIMEOUT_MS must not be greater than SYNC_TIMEOUT_MAX_MS.');
  }
  if (env.START_LEASE_MS <= env.CAMUNDA_START_TIMEOUT_MS) {
    faults.push(
      'START_LEASE_MS must be greater than CAMUNDA_START_TIMEOUT_MS: the lease must outlast the start call.',
    );
  }
  if (
    env.EMBEDDED_TRANSPORT === 'http' &&
    env.EMBEDDED_ENGINE_PORT === undefined &&
    env.CAMUNDA_BASE_URL === undefined
  )
    faults.push('EMBEDDED_ENGINE_PORT must be set for EMBEDDED_TRANSPORT=http; 0 takes any free port.');
  faults.push(...engineAccessFaults(env));
  faults.push(...authFaults(env));
  faults.push(...redisFaults(env));
  const type = databaseType(env);
  if (type === 'sqlite') {
    faults.push(...databaseAuthFaults(env, type), ...databaseAddressFaults(env, type));
    if (env.DB_HOST !== undefined)
      faults.push('DB_HOST must not be set with DB_TYPE=sqlite: the file is under DATA_DIR.');
    if (env.REDIS_URL !== undefined)
      faults.push(
        'REDIS_URL must not be set with SQLite, because it connects several instances and a SQLite file serves one: ' +
          'set DB_TYPE and DB_HOST to a database server, or unset REDIS_URL.',
      );
    return faults;
  }
  const needed =
    env.DB_AUTH === 'sql' ? (['DB_HOST', 'DB_NAME', 'DB_USER'] as const) : (['DB_HOST', 'DB_NAME'] as const);
  for (const name of needed) {
    if (env[name] === undefined)
      faults.push(
        `${name} must be set for DB_TYPE=${type}. Unset DB_HOST and DB_TYPE to run on the SQLite file under DATA_DIR.`,
      );
  }
  faults.push(...databaseAuthFaults(env, type), ...databaseAddressFaults(env, type));
  if (env.DB_CA_FILE !== undefined && !isReadable(env.DB_CA_FILE))
    faults.push(`DB_CA_FILE must be a file that this user can read; ${env.DB_CA_FILE} is not.`);
  return faults;
}

function tlsFaults(env: Environment): string[] {
  const names = ['TLS_CERT_FILE', 'TLS_KEY_FILE'] as const;
  return names.flatMap((name, index) => {
    const path = env[name];
    const other = names[1 - index] ?? name;
    if (path === undefined)
      return env[other] === undefined ? [] : [`${name} must be set if ${other} is set.`];
    return isReadable(path) ? [] : [`${name} must be a file that this user can read; ${path} is not.`];
  });
}

function tlsOf(env: Environment): ServerTlsConfig | null {
  const { TLS_CERT_FILE: certFile, TLS_KEY_FILE: keyFile } = env;
  if (certFile === undefined || keyFile === undefined) return null;
  return { certFile, keyFile, minVersion: `TLSv${env.TLS_MIN_VERSION}` };
}

function databaseType(env: Environment): 'sqlite' | DatabaseServerConfig['type'] {
  return env.DB_TYPE ?? (env.DB_HOST === undefined ? 'sqlite' : 'mssql');
}

function serverOf(
  env: Environment,
  production: boolean,
  secretPaths: ReadonlyMap<string, string>,
): DatabaseServerConfig | null {
  const type = databaseType(env);
  if (type === 'sqlite') return null;
  return {
    type,
    host: env.DB_HOST ?? '',
    port: env.DB_PORT ?? (type === 'mssql' ? 1433 : 5432),
    instance: env.DB_INSTANCE ?? null,
    multiSubnetFailover: env.DB_MULTI_SUBNET_FAILOVER,
    replicaHost: env.DB_READ_ONLY_HOST ?? (env.DB_READ_ONLY_INTENT ? (env.DB_HOST ?? '') : null),
    name: env.DB_NAME ?? '',
    auth: databaseAuthOf(env, secretPaths),
    user: env.DB_USER ?? '',
    password: env.DB_PASSWORD ?? null,
    schema: env.DB_SCHEMA ?? null,
    encrypt: env.DB_ENCRYPT ?? type === 'mssql',
    trustServerCertificate: env.DB_TRUST_SERVER_CERTIFICATE,
    caFile: env.DB_CA_FILE ?? null,
    poolMax: env.DB_POOL_MAX,
    connectTimeoutMs: env.DB_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: env.DB_STATEMENT_TIMEOUT_MS,
    bootTimeoutMs: env.DB_BOOT_TIMEOUT_MS,
    migrate: env.DB_MIGRATE ?? !production,
  };
}

function group(env: Environment, secretPaths: ReadonlyMap<string, string>): Configuration {
  const production = env.NODE_ENV === 'production';
  const embedded = env.CAMUNDA_BASE_URL === undefined;
  return {
    production,
    http: {
      host: env.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
      port: env.PORT,
      trustProxy: env.TRUST_PROXY ?? false,
      bodyLimitBytes: env.HTTP_BODY_LIMIT_BYTES,
      bodiesMaxBytes: env.HTTP_BODIES_MAX_BYTES,
      jsonMaxMembers: env.HTTP_JSON_MAX_MEMBERS,
      jsonMaxItems: env.HTTP_JSON_MAX_ITEMS,
      pageMaxBytes: env.HTTP_PAGE_MAX_BYTES,
      answersMaxBytes: env.HTTP_ANSWERS_MAX_BYTES,
      writeTimeoutMs: env.HTTP_WRITE_TIMEOUT_MS,
      headersTimeoutMs: env.HTTP_HEADERS_TIMEOUT_MS,
      requestTimeoutMs: env.HTTP_REQUEST_TIMEOUT_MS,
      connectionsMax: env.HTTP_CONNECTIONS_MAX,
      tls: tlsOf(env),
      keepAliveTimeoutMs: env.KEEP_ALIVE_TIMEOUT_MS,
      requestsPerConnection: env.HTTP_REQUESTS_PER_CONNECTION,
      waitsPerClient: env.WAITS_PER_CLIENT,
      eventStreamsMax: env.EVENT_STREAMS_MAX,
      eventStreamsPerClient: env.EVENT_STREAMS_PER_CLIENT,
      publicBaseUrl: env.PUBLIC_BASE_URL ?? null,
      corsOrigins: env.CORS_ORIGINS ?? [],
      docs: env.API_DOCS ?? !production,
      processErrorStatus: env.PROCESS_ERROR_HTTP_STATUS,
    },
    auth: authOf(env),
    rateLimit: {
      max: env.RATE_LIMIT_MAX ?? null,
      windowMs: env.RATE_LIMIT_WINDOW_MS,
      redis: rateLimitRedisOf(env),
    },
    redis: redisOf(env),
    wakeUps: wakeUpsOf(env),
    log: { level: env.LOG_LEVEL },
    redaction: { paths: env.REDACT_PATHS ?? [] },
    wait: {
      syncTimeoutMs: env.SYNC_TIMEOUT_MS,
      syncTimeoutMaxMs: env.SYNC_TIMEOUT_MAX_MS,
      earlyAnswer: env.EARLY_ANSWER,
      maxWaiters: env.WAITROOM_MAX,
    },
    process: {
      completeUnknown: env.COMPLETE_UNKNOWN,
      startAckTimeoutMs: env.START_ACK_TIMEOUT_MS,
      maxDurationMs: env.PROCESS_MAX_DURATION_MS ?? null,
      startLeaseMs: env.START_LEASE_MS,
      startSettleMs: env.START_SETTLE_MS,
      startMaxAttempts: env.START_MAX_ATTEMPTS,
      startConcurrency: env.START_CONCURRENCY,
      startBacklogMax: env.START_BACKLOG_MAX,
      startInFlightMaxBytes: env.START_IN_FLIGHT_MAX_BYTES,
    },
    camunda: {
      baseUrl: env.CAMUNDA_BASE_URL ?? null,
      auth: engineAuthOf(env, secretPaths),
      tls: engineTlsOf(env, secretPaths),
      maxTasks: env.CAMUNDA_MAX_TASKS,
      lockDurationMs: env.CAMUNDA_LOCK_DURATION_MS,
      asyncResponseTimeoutMs: env.CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS ?? (embedded ? 20_000 : 5_000),
      asyncResponseTimeoutMinMs: env.CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS,
      taskRetries: env.CAMUNDA_TASK_RETRIES,
      taskMaxDurationMs: env.CAMUNDA_TASK_MAX_DURATION_MS,
      topicShare: env.CAMUNDA_TOPIC_SHARE,
      pools: env.CAMUNDA_POOLS ?? [],
      deploy: env.CAMUNDA_DEPLOY ?? embedded,
      startTimeoutMs: env.CAMUNDA_START_TIMEOUT_MS,
    },
    embeddedEngine: {
      port: env.EMBEDDED_ENGINE_PORT ?? null,
      open: env.EMBEDDED_ENGINE_OPEN,
      transport: env.EMBEDDED_TRANSPORT,
      scripts: env.EMBEDDED_ENGINE_SCRIPTS,
    },
    database: {
      dataDir: env.DATA_DIR,
      server: serverOf(env, production, secretPaths),
      writeQueueMaxBytes: env.WRITE_QUEUE_MAX_BYTES,
      processCacheMaxBytes: env.PROCESS_CACHE_MAX_BYTES,
      writeWaitMs: env.WRITE_WAIT_MS,
      eventLogMaxBytes: env.EVENT_LOG_MAX_BYTES,
    },
    retention: { days: env.RETENTION_DAYS ?? null, mode: env.RETENTION_MODE },
    partners: {
      proxies: {
        http: env.HTTP_PROXY ?? null,
        https: env.HTTPS_PROXY ?? null,
        except: env.NO_PROXY ?? null,
      },
      timeoutMs: env.HTTP_TIMEOUT_MS,
      maxConnections: env.HTTP_MAX_CONNECTIONS,
      redactedPaths: env.HTTP_REDACTED_PATHS ?? [],
      backgroundCheckUrl: env.BACKGROUND_CHECK_URL ?? null,
      onboardingApiUrl: env.ONBOARDING_API_URL ?? null,
      simulator: env.SIMULATOR ?? !production,
      simulatorSlowMs: env.SIMULATOR_SLOW_MS,
    },
    shutdown: {
      timeoutMs: env.SHUTDOWN_TIMEOUT_MS,
      delayMs: env.SHUTDOWN_DELAY_MS ?? (production ? 5_000 : 0),
    },
  };
}
