import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { RedisConfig, TlsFilesConfig } from '../../config/index.js';
import { TlsFiles } from '../http/index.js';
import { parseRedisUrl } from '../urls/index.js';

/** Longest pause between two attempts to connect, and the time-out of one. */
const RETRY_MS = 2_000;

/** Pause before the first attempt to connect again; it grows by itself with each further one. */
const FIRST_RETRY_MS = 100;

/** A connection to one Redis, by Sentinels to their master, or to a cluster. */
export type RedisConnection = Redis | Cluster;

/** How a connection behaves, and who hears of its state. */
export interface RedisConnectionOptions {
  /** Milliseconds in which a command has to be answered. */
  readonly commandTimeoutMs: number;
  /** Milliseconds without an answer to a command, or to a ping, after which a connection is given up. */
  readonly silenceMs: number;
  /** True: the connection only subscribes. */
  readonly isSubscriber?: boolean;
  /** Called once when Redis cannot be reached, and again only after {@link onReady}. */
  readonly onAway: (error: Error) => void;
  /** Called when commands can be sent, at first and after each loss. @param wasAway true after {@link onAway} */
  readonly onReady: (wasAway: boolean) => void;
}

/**
 * Connects to Redis in the background, again and again until `disconnect()`.
 *
 * Commands are never kept: without a connection they fail at once, because no caller waits for Redis.
 *
 * @param url in a form of `parseRedisUrl`
 */
export function connectToRedis(
  url: string,
  tls: RedisConfig['tls'],
  { commandTimeoutMs, silenceMs, isSubscriber = false, onAway, onReady }: RedisConnectionOptions,
): RedisConnection {
  const shared = {
    connectTimeout: RETRY_MS,
    commandTimeout: commandTimeoutMs,
    ...(isSubscriber ? {} : { socketTimeout: silenceMs }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResubscribe: true,
  } satisfies RedisOptions;
  const connection = create(url, tls, shared);
  let isAway = false;
  const lost = (error: Error): void => {
    if (!isAway) onAway(error);
    isAway = true;
  };
  connection.on('error', lost);
  connection.on('ready', () => {
    const wasAway = isAway;
    isAway = false;
    onReady(wasAway);
  });
  return connection;
}

function create(url: string, tls: RedisConfig['tls'], shared: RedisOptions): RedisConnection {
  const address = parseRedisUrl(url);
  if (address === null) throw new Error('The URL of Redis has none of the accepted forms.');
  const { kind, nodes, username, password } = address;
  const certificates = address.tls ? { tls: tlsOptions(tls) } : {};
  const credentials = {
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  };
  if (kind === 'single') return new Redis(url, { ...shared, ...certificates, retryStrategy });
  if (kind === 'cluster')
    return new Cluster([...nodes], {
      redisOptions: { ...shared, ...credentials, ...certificates },
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      // A certificate is for a name, not for the address that the name has.
      ...(address.tls ? { dnsLookup: unresolved } : {}),
    });
  return new Redis({
    ...shared,
    ...credentials,
    ...certificates,
    sentinels: [...nodes],
    name: address.master,
    db: address.database,
    ...(address.sentinelUsername === null ? {} : { sentinelUsername: address.sentinelUsername }),
    ...(address.sentinelPassword === null ? {} : { sentinelPassword: address.sentinelPassword }),
    ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(tls) } : {}),
    retryStrategy,
    sentinelRetryStrategy: retryStrategy,
  });
}

function unresolved(host: string, done: (error: null, address: string) => void): void {
  done(null, host);
}

function retryStrategy(times: number): number {
  return Math.min(times * FIRST_RETRY_MS, RETRY_MS);
}

/** Read at each connect, because the files may have been renewed. */
function tlsOptions(files: TlsFilesConfig | null): NonNullable<RedisOptions['tls']> {
  if (files === null) return {};
  const tls = new TlsFiles(files);
  const current = () => {
    tls.refresh();
    return tls.current;
  };
  return {
    get ca() {
      return current().ca;
    },
    get cert() {
      return current().cert;
    },
    get key() {
      return current().key;
    },
  };
}
