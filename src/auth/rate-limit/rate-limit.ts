import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { Logger } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Redis } from 'ioredis';
import { ProblemError } from '../../common/errors/index.js';
import type { RateLimitConfig } from '../../config/index.js';
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

/** Longest pause between two attempts to connect to Redis. */
const REDIS_RETRY_MS = 2_000;

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
  { max, windowMs, redisUrl }: RateLimitConfig,
  shutdown: ShutdownService,
): Promise<RequestLimiter | null> {
  if (max === null) return null;
  const redis = redisUrl === null ? null : connect(redisUrl.value, shutdown);
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

function connect(url: string, shutdown: ShutdownService): Redis {
  const logger = new Logger('RateLimit');
  const redis = new Redis(url, {
    connectTimeout: REDIS_RETRY_MS,
    commandTimeout: REDIS_TIMEOUT_MS,
    socketTimeout: REDIS_SILENCE_MS,
    // A request does not wait for a connection.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(times * 100, REDIS_RETRY_MS),
  });
  let isAway = false;
  redis.on('error', (error: Error) => {
    if (!isAway)
      logger.warn({
        msg: 'Redis of RATE_LIMIT_REDIS_URL cannot be reached: requests are not limited until it is back.',
        err: error,
      });
    isAway = true;
  });
  redis.on('ready', () => {
    if (isAway) logger.log('Redis of RATE_LIMIT_REDIS_URL is back: requests are limited again.');
    isAway = false;
  });
  shutdown.register('release', 'Redis of the rate limit', () => {
    redis.disconnect();
  });
  return redis;
}
