import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from '../../common/errors/index.js';
import { connectToRedis, type RedisConnection } from '../../common/redis/index.js';
import type { RateLimitConfig, RedisConfig } from '../../config/index.js';
import type { ShutdownService } from '../../lifecycle/index.js';
import type { RequestLimiter } from '../access/access-control.js';
import { callerName } from '../access/principal.js';

/** Callers that are counted in memory at the same time; the counts of those who called longest ago are forgotten. */
const MAX_COUNTED = 10_000;

/** Milliseconds that Redis may take for a count; then the request passes. */
const REDIS_TIMEOUT_MS = 250;

/**
 * Milliseconds after which a connection without an answer is given up. Until the next one has answered, requests pass at
 * once instead of after {@link REDIS_TIMEOUT_MS} each.
 */
const REDIS_SILENCE_MS = 2_000;

/** The begin of the keys in Redis. */
const NAMESPACE = 'fastify-camunda:rate:';

/** An IPv6 customer usually has a network of this prefix, and could call from each of its addresses. */
const IPV6_PREFIX = 64;

/** Name of the policy in the headers. */
const POLICY = '"default"';

/**
 * Creates the limit of requests of each caller, in memory or, for several instances of the service, in Redis.
 *
 * @returns null if there is no limit
 */
export async function createRequestLimiter(
  fastify: FastifyInstance,
  { max, windowMs, redis: { url, tls } }: RateLimitConfig,
  shutdown: ShutdownService,
): Promise<RequestLimiter | null> {
  if (max === null) return null;
  const redis = url === null ? null : connect(url.value, tls, shutdown);
  await fastify.register(rateLimit, {
    global: false,
    max,
    timeWindow: windowMs,
    cache: MAX_COUNTED,
    nameSpace: NAMESPACE,
    // Without Redis nobody is refused: a limit must not be the reason of an outage.
    skipOnError: true,
    keyGenerator: limitedCaller,
    ...(redis === null ? {} : { redis }),
  });
  const count = fastify.createRateLimit();
  const seconds = Math.ceil(windowMs / 1_000);
  const policy = `${POLICY};q=${max};w=${seconds}`;
  return {
    count: async (request, reply) => {
      const result = await count(request);
      if (result.isAllowed) return;
      const retryAfter = Math.max(1, result.ttlInSeconds);
      void reply
        .header('ratelimit-policy', policy)
        .header('ratelimit', `${POLICY};r=${result.remaining};t=${result.ttlInSeconds}`);
      if (!result.isExceeded) return;
      throw new ProblemError(
        'rate-limited',
        `This caller has sent ${max} requests within ${seconds} s, the maximum of RATE_LIMIT_MAX. ` +
          `Nothing was done; repeat the request in ${retryAfter} s.`,
        { headers: { 'retry-after': String(retryAfter) } },
      );
    },
  };
}

/** The principal of a request, or its remote address (IPv6: its network); the two have different prefixes. */
export function limitedCaller(request: FastifyRequest): string {
  const name = callerName(request);
  return name === null ? `address:${normalizeIP(request.ip, IPV6_PREFIX)}` : `principal:${name}`;
}

function connect(url: string, tls: RedisConfig['tls'], shutdown: ShutdownService): RedisConnection {
  const logger = new Logger('RateLimit');
  const redis = connectToRedis(url, tls, {
    commandTimeoutMs: REDIS_TIMEOUT_MS,
    silenceMs: REDIS_SILENCE_MS,
    onAway: (err) => {
      logger.warn({
        msg: 'Redis of the rate limit cannot be reached: requests are not limited until it is back.',
        err,
      });
    },
    onReady: (wasAway) => {
      if (wasAway) logger.log('Redis of the rate limit is back: requests are limited again.');
    },
  });
  shutdown.register('release', 'Redis of the rate limit', () => {
    redis.disconnect();
  });
  return redis;
}
