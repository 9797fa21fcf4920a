import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { until } from '../../src/common/testing/until.js';
import { ShutdownService } from '../../src/lifecycle/index.js';
import type { OutcomeHint } from '../../src/wake-ups/index.js';
import { RedisTransport } from '../../src/wake-ups/redis.transport.js';
import { WakeUpsService } from '../../src/wake-ups/wake-ups.service.js';
import { type RedisServer, startRedis } from '../support/redis.server.mjs';

describe('wake-ups through Redis', () => {
  let shutdowns: ShutdownService[];
  let channel: string;
  let redis: RedisServer | null;

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    shutdowns = [];
    channel = `test-${randomUUID()}`;
    redis = null;
  });

  afterEach(async () => {
    await Promise.all(shutdowns.map((shutdown) => shutdown.stop()));
    await redis?.remove();
    jest.restoreAllMocks();
  });

  function instance(url: string) {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    shutdowns.push(shutdown);
    const service = new WakeUpsService(new RedisTransport(url, null, channel), shutdown);
    const outcomes: OutcomeHint[] = [];
    service.onOutcomes((hints) => outcomes.push(...hints));
    service.onApplicationBootstrap();
    return { service, outcomes };
  }

  it('reach the other instances, and those of other tables not', async () => {
    const url = process.env.TEST_REDIS_URL!;
    const [one, other] = [instance(url), instance(url)];
    channel = `test-${randomUUID()}`;
    const stranger = instance(url);
    await until(() => [one, other, stranger].every(({ service }) => service.isConnected));
    one.service.publishOutcome('ä', 7);
    await until(() => other.outcomes.length > 0);
    expect([other.outcomes, one.outcomes, stranger.outcomes]).toEqual([[['ä', 7]], [], []]);
  });

  it('are away while Redis hangs or is gone, and come back by themselves', async () => {
    redis = await startRedis();
    const [one, other] = [instance(redis.url), instance(redis.url)];
    const both = [one.service, other.service];
    const allAre = (condition: string) =>
      until(() => both.every(({ state }) => state.condition === condition));
    await allAre('connected');

    redis.pause();
    await allAre('away');
    // Returns at once, and is not kept.
    one.service.publishOutcome('lost', 1);
    redis.resume();
    await allAre('connected');

    await redis.stop();
    await allAre('away');
    await redis.start();
    await allAre('connected');
    one.service.publishOutcome('arrives', 1);
    await until(() => other.outcomes.length > 0);
    expect(other.outcomes).toEqual([['arrives', 1]]);
  });

  it('are away without the right to the channel, and work for a user of an ACL who has it', async () => {
    redis = await startRedis([
      '--user',
      'narrow',
      'on',
      '>secret',
      '+@all',
      '~*',
      'resetchannels',
      '&test-*',
    ]);
    const url = redis.url.replace('redis://', 'redis://narrow:secret@');
    const allowed = instance(url);
    await until(() => allowed.service.isConnected);
    channel = 'another';
    const refused = instance(url);
    await until(() => jest.mocked(Logger.prototype.warn).mock.calls.length > 0);
    expect(refused.service.state).toEqual({ transport: 'redis', condition: 'away' });
    expect(allowed.service.isConnected).toBe(true);
  });
});
