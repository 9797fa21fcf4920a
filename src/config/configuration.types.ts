import type { Secret } from './secret.js';

/** Certificate and key of the service. */
export interface ServerTlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

export interface HttpConfig {
  /** Proxies whose `X-Forwarded-For` is believed: their number, or their addresses; false: none. */
  readonly trustProxy: number | string[] | false;
  readonly host: string;
  readonly port: number;
  readonly bodyLimitBytes: number;
  readonly bodiesMaxBytes: number;
  /** Most members of all objects in a body. */
  readonly jsonMaxMembers: number;
  /** Most items of all arrays in a body. */
  readonly jsonMaxItems: number;
  readonly pageMaxBytes: number;
  /** Most bytes of answers that clients have not read yet. */
  readonly answersMaxBytes: number;
  readonly writeTimeoutMs: number;
  /** Milliseconds in which the headers of a request have to arrive. */
  readonly headersTimeoutMs: number;
  /** Milliseconds in which a request has to arrive completely. */
  readonly requestTimeoutMs: number;
  /** Most open connections. */
  readonly connectionsMax: number;
  /** Null: HTTP without TLS. */
  readonly tls: ServerTlsConfig | null;
  /** Milliseconds that a connection may be idle between two requests. */
  readonly keepAliveTimeoutMs: number;
  /** Most unanswered requests on one connection. */
  readonly requestsPerConnection: number;
  /** Most waiting requests of one principal, else of one remote address. */
  readonly waitsPerClient: number;
  readonly eventStreamsMax: number;
  /** Most event streams of one principal, else of one remote address. */
  readonly eventStreamsPerClient: number;
  /** Without a trailing slash; null: `statusUrl` is relative. */
  readonly publicBaseUrl: string | null;
  /** Origins of the websites that may call the API from a browser. */
  readonly corsOrigins: readonly string[];
  /** True: `/docs` is served. */
  readonly docs: boolean;
  /** Status for a process that ended in error: 500, 422 or 200. */
  readonly processErrorStatus: number;
}

/** Which tokens are accepted with `AUTH_MODE=jwt`. */
export interface JwtConfig {
  readonly jwksUrl: string;
  readonly issuer: string;
  /** A token needs one of them. */
  readonly audience: readonly string[];
  /** Names of RFC 7518, asymmetric only. */
  readonly algorithms: readonly string[];
  /** Name or path of the claim; null: `scope`, else `scp`. */
  readonly scopeClaim: string | null;
  readonly clockToleranceMs: number;
  readonly jwksCooldownMs: number;
}

export interface AuthConfig {
  /** True: `AUTH_MODE=none`. */
  readonly open: boolean;
  /** Null: no API keys are accepted. */
  readonly apiKeysFile: string | null;
  /** Null: no tokens are accepted. */
  readonly jwt: JwtConfig | null;
}

export interface RateLimitConfig {
  /** Most requests of one caller in a window; null: no limit. */
  readonly max: number | null;
  readonly windowMs: number;
  /** Where requests are counted; without a URL: in memory. */
  readonly redis: RedisConfig;
}

/** A Redis for several instances of the service. */
export interface RedisConfig {
  /** In a form of `parseRedisUrl`; null: there is none. */
  readonly url: Secret | null;
  /** Null: the CAs of Node.js, and no client certificate. */
  readonly tls: TlsFilesConfig | null;
}

/** How instances tell each other that a process has ended. */
export interface WakeUpsConfig {
  /** Null: they do not. */
  readonly transport: 'redis' | 'postgres' | null;
}

interface LogConfig {
  readonly level: string;
}

/** What the log, the trail and the texts of errors hide besides values with the name of a secret. */
export interface RedactionConfig {
  /** Paths of values, see `RedactedPaths`. */
  readonly paths: readonly string[];
}

export interface WaitConfig {
  readonly syncTimeoutMs: number;
  readonly syncTimeoutMaxMs: number;
  /** Whether a start is answered before its wait ends if its process waits for something outside. */
  readonly earlyAnswer: boolean;
  readonly maxWaiters: number;
}

export interface ProcessConfig {
  readonly completeUnknown: 'accept' | 'refuse';
  readonly startAckTimeoutMs: number;
  /** Null: no limit. */
  readonly maxDurationMs: number | null;
  readonly startLeaseMs: number;
  readonly startSettleMs: number;
  readonly startMaxAttempts: number;
  readonly startConcurrency: number;
  readonly startBacklogMax: number;
  readonly startInFlightMaxBytes: number;
}

/** How the service authenticates itself to the engine. */
export type EngineAuthConfig =
  | { readonly mode: 'none' }
  | {
      readonly mode: 'basic';
      readonly username: string;
      readonly password: Secret;
      /** True: both are in `CAMUNDA_BASE_URL`. */
      readonly inUrl: boolean;
    }
  | { readonly mode: 'bearer'; readonly token: Secret }
  | {
      /** Client credentials (RFC 6749, 4.4). */
      readonly mode: 'oauth2';
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: Secret;
      /** Where the secret is sent: in the `Authorization` header or in the form. */
      readonly clientAuth: 'basic' | 'post';
      readonly scope: string | null;
      readonly audience: string | null;
    };

/** Files of the certificates for TLS connections (PEM). */
export interface TlsFilesConfig {
  /** The only CAs that are trusted; null: those of Node.js. */
  readonly caFile: string | null;
  /** Null: no client certificate; then there is no key either. */
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly passphrase: Secret | null;
}

/** A pool of topics with its own polls, from `CAMUNDA_POOLS`. */
export interface TaskPoolConfig {
  readonly name: string;
  /** Topics, or all topics of a process as `<process key>.*`, besides those whose `@Topic` names the pool. */
  readonly topics: readonly string[];
  /** Most tasks of the pool at the same time; null: `maxTasks` of the service. */
  readonly maxTasks: number | null;
  /** Lock duration of its topics without their own; null: that of the service. */
  readonly lockDurationMs: number | null;
}

export interface CamundaConfig {
  /** Null: the embedded engine. May carry user and password, which are also in `auth`. */
  readonly baseUrl: string | null;
  readonly auth: EngineAuthConfig;
  /** Null: none of its variables is set. */
  readonly tls: TlsFilesConfig | null;
  readonly maxTasks: number;
  readonly lockDurationMs: number;
  readonly asyncResponseTimeoutMs: number;
  /** Lower limit of a wait that is shortened because the engine misses to wake polls. */
  readonly asyncResponseTimeoutMinMs: number;
  /** Retries after the first attempt. */
  readonly taskRetries: number;
  /** Timeout of a handler without a limit of its own, in milliseconds. */
  readonly taskMaxDurationMs: number;
  /** Percent of `maxTasks` that one topic may hold. */
  readonly topicShare: number;
  readonly pools: readonly TaskPoolConfig[];
  readonly deploy: boolean;
  readonly startTimeoutMs: number;
}

export interface EmbeddedEngineConfig {
  /** Null: it listens on no port. */
  readonly port: number | null;
  /** True: requests to the port need no token. */
  readonly open: boolean;
  /** Transport between the service and its engine; `http` needs the port. */
  readonly transport: 'inproc' | 'http';
  /** True: runs the JavaScript of script tasks and mappings, without a sandbox. */
  readonly scripts: boolean;
}

/** How the service logs in to the database server; all but `sql` are for SQL Server with Microsoft Entra ID. */
export type DatabaseAuthConfig =
  | { readonly mode: 'sql' }
  | {
      readonly mode: 'entra-default' | 'entra-managed-identity';
      /** Of a user-assigned identity; null: the one of the system. */
      readonly clientId: string | null;
    }
  | {
      readonly mode: 'entra-service-principal';
      readonly tenantId: string;
      readonly clientId: string;
      readonly clientSecret: Secret;
    };

export interface DatabaseServerConfig {
  readonly type: 'postgres' | 'mssql';
  readonly host: string;
  /** Unused with an instance. */
  readonly port: number;
  /** A named instance of SQL Server, whose port SQL Server Browser knows; null: the server is at `port`. */
  readonly instance: string | null;
  /** True: all addresses of the host are tried at the same time (SQL Server). */
  readonly multiSubnetFailover: boolean;
  /** The host of the server that searches lists, with read-only intent on SQL Server; null: the primary. */
  readonly replicaHost: string | null;
  readonly name: string;
  readonly auth: DatabaseAuthConfig;
  /** Empty unless `auth` is `sql`. */
  readonly user: string;
  readonly password: string | null;
  /** Null: the default schema of the login. */
  readonly schema: string | null;
  readonly encrypt: boolean;
  readonly trustServerCertificate: boolean;
  readonly caFile: string | null;
  readonly poolMax: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly bootTimeoutMs: number;
  /** True: the boot migrates the schema. */
  readonly migrate: boolean;
}

export interface DatabaseConfig {
  /** Folder of the SQLite files of the service and of the embedded engine. */
  readonly dataDir: string;
  /** Null: the SQLite file. */
  readonly server: DatabaseServerConfig | null;
  readonly writeQueueMaxBytes: number;
  readonly processCacheMaxBytes: number;
  readonly writeWaitMs: number;
  readonly eventLogMaxBytes: number;
}

export interface RetentionConfig {
  /** Null: nothing is ever removed. */
  readonly days: number | null;
  readonly mode: 'archive' | 'delete';
}

/** URLs of the proxies for calls to the engine and to partners; they may have credentials. */
export interface ProxyConfig {
  /** Proxy for `http:` URLs; null: none. */
  readonly http: string | null;
  /** Proxy for `https:` URLs; null: the one for `http:`. */
  readonly https: string | null;
  /** Hosts without a proxy, separated by commas; null: loopback only. */
  readonly except: string | null;
}

export interface PartnersConfig {
  readonly proxies: ProxyConfig;
  readonly timeoutMs: number;
  /** Most open connections to one host. */
  readonly maxConnections: number;
  /** Patterns that are masked in the paths of outside calls. */
  readonly redactedPaths: readonly string[];
  /** Null: the partner simulator. */
  readonly backgroundCheckUrl: string | null;
  /** Null: the partner simulator. */
  readonly onboardingApiUrl: string | null;
  /** True: the simulator answers for a partner without a URL. */
  readonly simulator: boolean;
  readonly simulatorSlowMs: number;
}

export interface ShutdownConfig {
  readonly timeoutMs: number;
  readonly delayMs: number;
}

/** The whole configuration, in the groups that modules inject. */
export interface Configuration {
  readonly production: boolean;
  readonly http: HttpConfig;
  readonly auth: AuthConfig;
  readonly rateLimit: RateLimitConfig;
  readonly redis: RedisConfig;
  readonly wakeUps: WakeUpsConfig;
  readonly log: LogConfig;
  readonly redaction: RedactionConfig;
  readonly wait: WaitConfig;
  readonly process: ProcessConfig;
  readonly camunda: CamundaConfig;
  readonly embeddedEngine: EmbeddedEngineConfig;
  readonly database: DatabaseConfig;
  readonly retention: RetentionConfig;
  readonly partners: PartnersConfig;
  readonly shutdown: ShutdownConfig;
}
