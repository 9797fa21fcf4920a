import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { fastify, type FastifyInstance } from 'fastify';
import { until } from '../../common/testing/until.js';
import { type RateLimitConfig } from '../../config/index.js';
import { Secret } from '../../config/secret.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { controlAccess } from '../access/access-control.js';
import { ANONYMOUS, type Principal } from '../access/principal.js';
import { invalidCredentials } from '../access/refusals.js';
import { PUBLIC } from '../access/route-access.js';
import { Grants } from '../access/scopes.js';
import { createRequestLimiter } from './rate-limit.js';

const principal = (name: string): Principal => ({
  name,
  kind: 'api-key',
  grants: Grants.of(['ops:read']).grants,
});

/** Longer than a test. */
const WINDOW_MS = 3_600_000;

/** A Redis that only counts the calls of the script for each key. */
class CountingRedis {
  private readonly sockets = new Set<Socket>();
  private readonly counts = new Map<string, number>();
  /** True: reads commands and answers nothing. */
  hangs = false;

  private constructor(private readonly server: Server) {}

  static async start(port = 0): Promise<CountingRedis> {
    const server = createServer();
    const redis = new CountingRedis(server);
    server.on('connection', (socket) => {
      redis.sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => redis.sockets.delete(socket));
      socket.on('data', (data) => {
        // Commands are arrays of texts: *2\r\n$4\r\nINFO\r\n…
        for (const command of data.toString().split(/(?=^\*\d+\r\n)/m)) {
          const [name = '', ...words] = command.split('\r\n').filter((_, n) => n > 0 && n % 2 === 0);
          if (!redis.hangs) socket.write(redis.answer(name.toLowerCase(), words));
        }
      });
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return redis;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private answer(name: string, [, , key = '', windowMs = '0']: string[]): string {
    if (name === 'info') return '$28\r\nredis_version:7.0\r\nloading:0\r\n';
    if (name !== 'evalsha' && name !== 'eval') return '+OK\r\n';
    const count = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, count);
    return `*2\r\n:${count}\r\n:${windowMs}\r\n`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}

describe('the rate limit', () => {
  let shutdown: ShutdownService;
  let servers: FastifyInstance[];

  beforeEach(() => {
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    servers = [];
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await shutdown.stop();
    await Promise.all(servers.map((server) => server.close()));
  });

  async function serverWith(config: Partial<RateLimitConfig>): Promise<FastifyInstance> {
    const server = fastify();
    servers.push(server);
    const limiter = await createRequestLimiter(
      server,
      { max: 2, windowMs: WINDOW_MS, redis: { url: null, tls: null }, ...config },
      shutdown,
    );
    controlAccess(
      server,
      {
        authenticate: ({ headers }) => {
          const name = String(headers['x-name'] ?? '');
          if (name === 'bad') throw invalidCredentials('Not known.');
          return name === '' ? ANONYMOUS : principal(name);
        },
      },
      { '/live': PUBLIC },
      limiter,
    );
    server.get('/x', { config: { access: { scope: 'ops:read', required: true } } }, () => 'x');
    server.get('/live', () => 'x');
    await server.ready();
    return server;
  }

  async function call(
    server: FastifyInstance,
    name = '',
    remoteAddress = '10.0.0.1',
    url = '/x',
  ): Promise<number> {
    const headers = name === '' ? {} : { 'x-name': name };
    return (await server.inject({ url, headers, remoteAddress })).statusCode;
  }

  it('answers 429 with Retry-After beyond the limit, and says what remains', async () => {
    const server = await serverWith({});
    const get = () => server.inject({ url: '/x', headers: { 'x-name': 'a' } });
    const first = await get();
    expect([first.statusCode, first.headers['ratelimit-policy'], first.headers.ratelimit]).toEqual([
      200,
      '"default";q=2;w=3600',
      expect.stringMatching(/^"default";r=1;t=3[56]\d\d$/),
    ]);
    await get();
    const refused = await get();
    expect([refused.statusCode, refused.json<{ type: string }>().type]).toEqual([
      429,
      'urn:fastify-camunda:problem:rate-limited',
    ]);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_000);
    expect(refused.headers.ratelimit).toMatch(/^"default";r=0;t=/);
  });

  it('counts each principal for itself, at any address', async () => {
    const server = await serverWith({});
    expect([
      await call(server, 'a', '10.0.0.1'),
      await call(server, 'a', '10.0.0.2'),
      await call(server, 'a'),
    ]).toEqual([200, 200, 429]);
    expect(await call(server, 'b')).toBe(200);
    expect(await call(server)).toBe(200);
  });

  it('counts addresses without a principal, and an IPv6 network of /64 as one', async () => {
    const server = await serverWith({});
    const at = (address: string) => call(server, '', address);
    expect([
      await at('10.0.0.1'),
      await at('::ffff:10.0.0.1'),
      await at('10.0.0.1'),
      await at('10.0.0.2'),
    ]).toEqual([200, 200, 429, 200]);
    expect([
      await at('2001:db8::1'),
      await at('2001:db8::2'),
      await at('2001:db8::3'),
      await at('2001:db8:0:1::1'),
    ]).toEqual([200, 200, 429, 200]);
  });

  it('counts bad credentials for the address, and keeps no principal from calling at this address', async () => {
    const server = await serverWith({});
    expect([await call(server, 'bad'), await call(server, 'bad'), await call(server, 'bad')]).toEqual([
      401, 401, 429,
    ]);
    expect(await call(server, 'a')).toBe(200);
  });

  it('does not count public routes', async () => {
    const server = await serverWith({});
    for (let n = 0; n < 5; n += 1) expect(await call(server, '', '10.0.0.1', '/live')).toBe(200);
    expect(await call(server)).toBe(200);
  });

  it('has no limit and no headers by default', async () => {
    const server = await serverWith({ max: null });
    for (let n = 0; n < 5; n += 1) expect(await call(server, 'a')).toBe(200);
    expect((await server.inject({ url: '/x' })).headers).not.toHaveProperty('ratelimit');
  });

  it('counts in Redis for several instances, and refuses nobody while it is away, with one warning', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const log = jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    let redis = await CountingRedis.start();
    const { port } = redis;
    const address = { url: new Secret(`redis://127.0.0.1:${port}`), tls: null };
    const [one, other] = [await serverWith({ redis: address }), await serverWith({ redis: address })];
    // Until both are connected, nothing is counted.
    const remaining = async (server: FastifyInstance, name: string): Promise<string> =>
      String((await server.inject({ url: '/x', headers: { 'x-name': name } })).headers.ratelimit);
    let probes = 0;
    for (const server of [one, other])
      await until(async () => (await remaining(server, `probe-${(probes += 1)}`)).includes('r=1'));
    expect([
      await call(one, 'a'),
      await call(other, 'a'),
      await call(one, 'a'),
      await call(other, 'a'),
    ]).toEqual([200, 200, 429, 429]);

    redis.hangs = true;
    expect(await call(one, 'a')).toBe(200);

    await redis.stop();
    for (let n = 0; n < 5; n += 1) expect(await call(one, 'a')).toBe(200);
    await until(() => warn.mock.calls.length === 2);

    redis = await CountingRedis.start(port);
    await until(async () => (await remaining(one, `probe-${(probes += 1)}`)).includes('r=1'));
    expect([await call(one, 'b'), await call(one, 'b'), await call(one, 'b')]).toEqual([200, 200, 429]);
    // One for each of the two connections.
    expect(warn).toHaveBeenCalledTimes(2);
    expect(log).toHaveBeenCalled();
    await shutdown.stop();
    await redis.stop();
  });

  it('gives up a connection to a Redis that answers nothing, with one warning, until it answers again', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    jest.spyOn(Logger.prototype, 'log').mockReturnValue();
    const redis = await CountingRedis.start();
    const server = await serverWith({
      redis: { url: new Secret(`redis://127.0.0.1:${redis.port}`), tls: null },
    });
    let probes = 0;
    const isCounted = async (): Promise<boolean> => {
      const { headers } = await server.inject({ url: '/x', headers: { 'x-name': `probe-${(probes += 1)}` } });
      return String(headers.ratelimit).includes('r=1');
    };
    await until(isCounted);

    redis.hangs = true;
    expect(await call(server, 'a')).toBe(200);
    await until(() => warn.mock.calls.length === 1);
    for (let n = 0; n < 5; n += 1) expect(await call(server, 'a')).toBe(200);

    redis.hangs = false;
    await until(isCounted);
    expect([await call(server, 'b'), await call(server, 'b'), await call(server, 'b')]).toEqual([
      200, 200, 429,
    ]);
    expect(warn).toHaveBeenCalledTimes(1);
    await shutdown.stop();
    await redis.stop();
  });
});
