import { parseRedisUrl } from '../common/urls/index.js';
import type { RedisConfig, TlsFilesConfig, WakeUpsConfig } from './configuration.types.js';
import type { Environment, VariableName } from './environment.schema.js';
import { Secret } from './secret.js';
import { tlsFilesFault } from './tls.files.js';

const TLS_VARIABLES = [
  'REDIS_TLS_CA_FILE',
  'REDIS_TLS_CERT_FILE',
  'REDIS_TLS_KEY_FILE',
] as const satisfies readonly VariableName[];

/** What contradicts in the variables of Redis. */
export function redisFaults(env: Environment): string[] {
  return [...tlsFaults(env), ...wakeUpsFaults(env)];
}

function wakeUpsFaults(env: Environment): string[] {
  if (env.WAKE_UPS === 'redis' && env.REDIS_URL === undefined)
    return ['REDIS_URL must be set for WAKE_UPS=redis.'];
  if (env.WAKE_UPS === 'postgres' && env.DB_TYPE !== 'postgres')
    return ['WAKE_UPS=postgres needs DB_TYPE=postgres.'];
  return [];
}

function tlsFaults(env: Environment): string[] {
  const set = TLS_VARIABLES.filter((name) => env[name] !== undefined);
  const tls = tlsOf(env);
  if (tls === null) return [];
  const urls = [env.REDIS_URL, env.RATE_LIMIT_REDIS_URL];
  if (!urls.some((url) => url !== undefined && parseRedisUrl(url)?.tls === true))
    return set.map((name) => `${name} needs a rediss:// or rediss+… URL in REDIS_URL.`);
  if ((tls.certFile === null) !== (tls.keyFile === null))
    return ['REDIS_TLS_CERT_FILE and REDIS_TLS_KEY_FILE must be set together.'];
  const fault = tlsFilesFault(tls, 'REDIS_TLS');
  return fault === null ? [] : [fault];
}

/** Where Redis is, and its certificates. */
export function redisOf(env: Environment): RedisConfig {
  return { url: env.REDIS_URL === undefined ? null : new Secret(env.REDIS_URL), tls: tlsOf(env) };
}

/** The Redis in which requests are counted; null: none, or there is no limit. */
export function rateLimitRedisOf(env: Environment): RedisConfig {
  const url = env.RATE_LIMIT_REDIS_URL ?? (env.RATE_LIMIT_MAX === undefined ? undefined : env.REDIS_URL);
  return { url: url === undefined ? null : new Secret(url), tls: tlsOf(env) };
}

/** What carries wake-ups between instances. */
export function wakeUpsOf(env: Environment): WakeUpsConfig {
  const { WAKE_UPS, REDIS_URL, DB_TYPE } = env;
  if (WAKE_UPS !== undefined) return { transport: WAKE_UPS === 'off' ? null : WAKE_UPS };
  if (REDIS_URL !== undefined) return { transport: 'redis' };
  return { transport: DB_TYPE === 'postgres' ? 'postgres' : null };
}

function tlsOf(env: Environment): TlsFilesConfig | null {
  if (TLS_VARIABLES.every((name) => env[name] === undefined)) return null;
  return {
    caFile: env.REDIS_TLS_CA_FILE ?? null,
    certFile: env.REDIS_TLS_CERT_FILE ?? null,
    keyFile: env.REDIS_TLS_KEY_FILE ?? null,
    passphrase: null,
  };
}
