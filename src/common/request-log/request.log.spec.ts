import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import Fastify, { type FastifyInstance } from 'fastify';
import { until } from '../testing/until.js';
import { logRequests } from './request.log.js';

const LATE_MS = 20;

const OTHER_CLOCKS = [
  'Date',
  'hrtime',
  'nextTick',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

describe('logRequests', () => {
  let lines: { readonly level: string; readonly line: Record<string, unknown>; readonly message: string }[];
  let fastify: FastifyInstance;
  let baseUrl: string;
  let received: () => void;

  beforeEach(async () => {
    lines = [];
    fastify = Fastify();
    const at = (level: string) => (line: object, message: string) => {
      lines.push({ level, line: line as Record<string, unknown>, message });
    };
    logRequests(fastify, { info: at('info'), warn: at('warn') });
    fastify.get('/things/:id', (request, reply) => {
      const { id } = request.params as { readonly id: string };
      request.correlationId = id === 'none' ? null : id;
      return reply.status(id === 'broken' ? 500 : 200).send({});
    });
    fastify.get('/processes/:correlationId', () => {
      throw new Error('This route has not come to know what it is about.');
    });
    fastify.get('/late', () => {
      jest.advanceTimersByTime(LATE_MS);
      return {};
    });
    fastify.get('/health/live', () => ({}));
    fastify.post('/slow', async (_request, reply) => {
      received();
      await once(reply.raw, 'close');
      return {};
    });
    baseUrl = await fastify.listen({ port: 0, host: '127.0.0.1' });
  });

  afterEach(() => fastify.close());

  /** Waits for the answer and, if expected, for its log line. */
  async function get(path: string, headers: Record<string, string> = {}): Promise<void> {
    const before = lines.length;
    await (await fetch(`${baseUrl}${path}`, { headers })).arrayBuffer();
    if (path !== '/health/live') await until(() => lines.length > before);
  }

  it('writes a line for an answer, without query, with the correlation id that the route has set', async () => {
    await get('/things/a?secret=hunter2', { 'x-secret': 'hunter2' });
    await get('/things/none');
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'request completed',
        line: {
          requestId: 'req-1',
          req: { method: 'GET', path: '/things/a' },
          correlationId: 'a',
          res: { status: 200 },
          responseTime: expect.any(Number),
        },
      },
      expect.objectContaining({ line: expect.not.objectContaining({ correlationId: expect.anything() }) }),
    ]);
  });

  it('has the correlation id of the path with any result of the request', async () => {
    await get('/processes/a%3Ab');
    expect(lines).toMatchObject([{ line: { correlationId: 'a:b', res: { status: 500 } } }]);
  });

  it('warns of an answer with status 5xx, and logs a path that does not exist', async () => {
    await get('/things/broken');
    await get('/nothing');
    expect(lines).toMatchObject([
      { level: 'warn', line: { res: { status: 500 } } },
      { level: 'info', line: { res: { status: 404 } } },
    ]);
  });

  it('logs the duration of the answer, even if Fastify does not measure it', async () => {
    // Only this clock is fake; the request itself needs all others.
    jest.useFakeTimers({ doNotFake: [...OTHER_CLOCKS] });
    try {
      await get('/late');
    } finally {
      jest.useRealTimers();
    }
    expect(lines).toMatchObject([{ line: { responseTime: LATE_MS } }]);
  });

  it('logs no probes', async () => {
    await get('/health/live');
    await get('/things/after');
    expect(lines).toMatchObject([{ line: { req: { path: '/things/after' } } }]);
  });

  it('logs that a client has disconnected before its answer', async () => {
    const arrived = new Promise<void>((resolve) => {
      received = resolve;
    });
    const socket = connect((fastify.server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(
      'POST /slow HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
    );
    await arrived;
    socket.destroy();
    await until(() => lines.length > 0);
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'request aborted',
        line: {
          requestId: 'req-1',
          req: { method: 'POST', path: '/slow' },
          responseTime: expect.any(Number),
        },
      },
    ]);
  });
});
