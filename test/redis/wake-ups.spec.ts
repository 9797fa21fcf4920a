import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';
import { until } from '../../src/common/testing/until.js';
import type { TlsFilesConfig } from '../../src/config/index.js';
import { ShutdownService } from '../../src/lifecycle/index.js';
import type { OutcomeHint } from '../../src/wake-ups/index.js';
import { RedisTransport } from '../../src/wake-ups/redis.transport.js';
import { WakeUpsService } from '../../src/wake-ups/wake-ups.service.js';
import { makeCertificate } from '../support/certificate.js';
import { freePort } from '../support/free.port.mjs';
import { type RedisServer, startRedis, startSentinel } from '../support/redis.server.mjs';

describe('wake-ups through Redis', () => {
  let shutdowns: ShutdownService[];
  let channel: string;
  let redis: RedisServer | null;
  let others: RedisServer[];

  beforeEach(() => {
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    shutdowns = [];
    channel = `test-${randomUUID()}`;
    redis = null;
    others = [];
  });

  afterEach(async () => {
    await Promise.all(shutdowns.map((shutdown) => shutdown.stop()));
    for (const server of [...others, redis]) await server?.remove();
    jest.restoreAllMocks();
  });

  function instance(url: string, tls: TlsFilesConfig | null = null) {
    const shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    shutdowns.push(shutdown);
    const service = new WakeUpsService(new RedisTransport(url, tls, channel), shutdown);
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

  it('follow the master that Sentinels have elected', async () => {
    redis = await startRedis();
    const replica = await startRedis(['--replicaof', redis.host, String(redis.port)]);
    const sentinel = await startSentinel(
      [
        `sentinel monitor main ${redis.host} ${redis.port} 1`,
        'sentinel down-after-milliseconds main 500',
        'sentinel failover-timeout main 2000',
      ].join('\n'),
    );
    others = [sentinel, replica];
    const url = `redis+sentinel://${sentinel.host}:${sentinel.port}/main`;
    const [one, other] = [instance(url), instance(url)];
    await until(() => one.service.isConnected && other.service.isConnected);
    // A failover is possible only after the Sentinel has found the replica.
    await until(async () =>
      (await ask(sentinel, 'SENTINEL', 'REPLICAS', 'main')).includes(String(replica.port)),
    );
    await redis.stop();
    await until(async () => (await ask(replica, 'ROLE')).includes('master'));
    // Hints of the time before the instances have noticed are lost.
    await until(() => {
      if (one.service.isConnected && other.service.isConnected) one.service.publishOutcome('after', 1);
      return other.outcomes.length > 0;
    });
    expect(other.outcomes[0]).toEqual(['after', 1]);
  });

  it('pass all nodes of a cluster', async () => {
    const cluster = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    const busPorts = [await freePort(), await freePort()];
    others = [
      await startRedis([...cluster, '--cluster-port', String(busPorts[0])]),
      await startRedis([...cluster, '--cluster-port', String(busPorts[1])]),
    ];
    const [first, second] = others as [RedisServer, RedisServer];
    await ask(first, 'CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await ask(second, 'CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await ask(first, 'CLUSTER', 'MEET', second.host, String(second.port), String(busPorts[1]));
    for (const node of others)
      await until(async () => (await ask(node, 'CLUSTER', 'INFO')).includes('cluster_state:ok'));
    const [one, other] = others.map(({ host, port }) => instance(`redis+cluster://${host}:${port}`)) as [
      ReturnType<typeof instance>,
      ReturnType<typeof instance>,
    ];
    await until(() => one.service.isConnected && other.service.isConnected);
    one.service.publishOutcome('a', 1);
    other.service.publishOutcome('b', 2);
    await until(() => one.outcomes.length > 0 && other.outcomes.length > 0);
    expect([one.outcomes, other.outcomes]).toEqual([[['b', 2]], [['a', 1]]]);
  });

  it('are encrypted, and sent only to a server with a certificate that is trusted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-redis-tls-'));
    try {
      const { pem, key } = await makeCertificate();
      const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
      writeFileSync(certFile, pem);
      writeFileSync(keyFile, key, { mode: 0o600 });
      const port = await freePort();
      redis = await startRedis([
        ...['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile],
        ...['--tls-ca-cert-file', certFile, '--tls-auth-clients', 'no'],
      ]);
      const url = `rediss://127.0.0.1:${port}`;
      const trusting = instance(url, {
        caFile: certFile,
        certFile: null,
        keyFile: null,
        passphrase: null,
      });
      await until(() => trusting.service.isConnected);
      const refusing = instance(url);
      await until(() => jest.mocked(Logger.prototype.warn).mock.calls.length > 0);
      expect(refusing.service.state.condition).toBe('away');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** The answer of a server to a command, as text. */
async function ask({ host, port }: RedisServer, command: string, ...parameters: string[]): Promise<string> {
  // A server closes its connections when it becomes the master: the command is sent again.
  const redis = new Redis(port, host);
  redis.on('error', () => undefined);
  try {
    return JSON.stringify(await redis.call(command, ...parameters));
  } finally {
    redis.disconnect();
  }
}
