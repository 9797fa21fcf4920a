import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Caller, Callers } from '../support/callers.js';
import { type RedisServer, startRedis } from '../support/redis.server.mjs';
import { eventually, RunningService } from '../support/service.js';

/** The limit of a caller in a window that is longer than a test. */
const LIMIT = 6;
const WINDOW_MS = 3_600_000;

describe('the rate limit in Redis', () => {
  let callers: Callers;
  let services: RunningService[];
  let redis: RedisServer | null;

  beforeEach(() => {
    callers = new Callers();
    services = [];
    redis = null;
  });

  afterEach(async () => {
    for (const service of services) await service.destroy();
    callers.remove();
    await redis?.remove();
  });

  /** Callers of a run have names of their own, because the server may keep the counts of another run. */
  const caller = (name: string): Caller => callers.add(`${name}-${randomUUID()}`, 'process:read');

  async function startServices(count: number, redisUrl: string): Promise<void> {
    const variables = {
      ...callers.environment(),
      RATE_LIMIT_MAX: String(LIMIT),
      RATE_LIMIT_WINDOW_MS: String(WINDOW_MS),
      RATE_LIMIT_REDIS_URL: redisUrl,
    };
    for (let n = 0; n < count; n += 1) services.push(await RunningService.start(variables));
  }

  const ask = (service: RunningService, { headers }: Caller) =>
    service.get('/api/process/definitions', { ...headers });

  /** Waits until a service is connected to Redis: until then the whole limit remains after each request. */
  async function counts(service: RunningService, probe: Caller): Promise<void> {
    await eventually(
      async () => (await ask(service, probe)).headers.get('ratelimit') ?? '',
      (header) => !header.includes(`r=${LIMIT};`),
    );
  }

  it('counts the requests of a caller to two instances together', async () => {
    const [one, other] = [caller('one'), caller('other')];
    const probe = caller('probe');
    await startServices(2, process.env.TEST_REDIS_URL!);
    for (const service of services) await counts(service, probe);

    const statuses: number[] = [];
    for (let n = 0; n < LIMIT + 2; n += 1) statuses.push((await ask(services[n % 2]!, one)).status);
    expect(statuses).toEqual([...Array.from({ length: LIMIT }, () => 200), 429, 429]);
    // Together means together in parallel, too: the count is one command.
    const burst = await Promise.all(
      Array.from({ length: 4 * LIMIT }, (_, n) => ask(services[n % 2]!, other)),
    );
    expect(burst.filter(({ status }) => status === 200)).toHaveLength(LIMIT);
    expect(burst.filter(({ status }) => status === 429)).toHaveLength(3 * LIMIT);
  });

  it('lets requests pass while Redis is stopped, and limits them when it is back', async () => {
    redis = await startRedis();
    const [before, during, after] = [caller('before'), caller('during'), caller('after')];
    const probe = caller('probe');
    await startServices(1, redis.url);
    const service = services[0]!;
    const statusesOf = async (who: Caller) => {
      const statuses: number[] = [];
      for (let n = 0; n < LIMIT + 1; n += 1) statuses.push((await ask(service, who)).status);
      return statuses;
    };
    const limited = [...Array.from({ length: LIMIT }, () => 200), 429];
    await counts(service, probe);
    expect(await statusesOf(before)).toEqual(limited);

    await redis.stop();
    expect(await statusesOf(during)).toEqual(limited.map(() => 200));
    // A caller who was over the limit is not refused without Redis.
    expect((await ask(service, before)).status).toBe(200);

    await redis.start();
    await counts(service, probe);
    expect(await statusesOf(after)).toEqual(limited);
  });

  it('lets requests pass while Redis answers nothing, and limits them when it continues', async () => {
    redis = await startRedis();
    const [during, after] = [caller('during'), caller('after')];
    const probe = caller('probe');
    await startServices(1, redis.url);
    const service = services[0]!;
    await counts(service, probe);

    redis.pause();
    const burst = await Promise.all(Array.from({ length: 4 * LIMIT }, () => ask(service, during)));
    expect(burst.map(({ status }) => status)).toEqual(burst.map(() => 200));

    redis.resume();
    await counts(service, probe);
    const statuses: number[] = [];
    for (let n = 0; n < LIMIT + 1; n += 1) statuses.push((await ask(service, after)).status);
    expect(statuses).toEqual([...Array.from({ length: LIMIT }, () => 200), 429]);
  });
});
