import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Pipeline } from '../support/pipelining.js';
import { eventually, RunningService } from '../support/service.js';

const HEAD = 'POST /api/process/complete HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n';

describe('a client that sends slowly', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({
      HTTP_HEADERS_TIMEOUT_MS: '1000',
      HTTP_REQUEST_TIMEOUT_MS: '1000',
      KEEP_ALIVE_TIMEOUT_MS: '1000',
    });
  });

  afterAll(() => service.destroy());

  /** Sends a text, and reads until the service closes the connection. */
  async function sendAndWait(text: string): Promise<Pipeline> {
    const pipeline = await Pipeline.open(service.baseUrl);
    const closed = once(pipeline.socket, 'close');
    pipeline.send(text);
    await closed;
    return pipeline;
  }

  it.each([
    ['nothing', ''],
    ['half of the headers', 'GET /api/process/status/all HTTP/1.1\r\nHost: te'],
    ['half of the body', `${HEAD}Content-Length: 100\r\n\r\n{"correlationId"`],
    ['a body without its last chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"cor\r\n`],
  ])('is 408 if it sends %s, and its connection is closed', async (_what, text) => {
    const pipeline = await sendAndWait(text);
    const [answer] = pipeline.answers();
    expect([answer?.status, answer?.headers['content-type']]).toEqual([408, 'application/problem+json']);
    expect(JSON.parse(answer?.body ?? '')).toMatchObject({
      type: 'urn:fastify-camunda:problem:request-timeout',
    });
  });

  it('is 408 although it sends a byte from time to time', async () => {
    const socket = connect(Number(new URL(service.baseUrl).port), '127.0.0.1');
    let received = '';
    socket.on('data', (chunk: Buffer) => (received += chunk.toString()));
    socket.on('error', () => undefined);
    socket.write('GET /health/live HTTP/1.1\r\n');
    const drip = setInterval(() => socket.write('X-Slow: 1\r\n'), 20);
    await once(socket, 'close');
    clearInterval(drip);
    expect(received).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('loses a connection on which it sends no further request', async () => {
    const pipeline = await sendAndWait('GET /health/live HTTP/1.1\r\nHost: test\r\n\r\n');
    expect(pipeline.answers().map(({ status }) => status)).toEqual([200]);
  });
});

describe('a service with as many connections as it may have', () => {
  let service: RunningService;
  const sockets: Socket[] = [];

  beforeAll(async () => {
    service = await RunningService.start({ HTTP_CONNECTIONS_MAX: '10' });
  });

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    await service.destroy();
  });

  it('serves a new client in place of an idle one, and ends no wait for it', async () => {
    const waiting = service.post('/api/process/start', {
      processKey: 'onboard-user',
      correlationId: 'waits',
      variables: { userId: 'slow-waits' },
    });
    for (let count = 0; count < 30; count += 1) {
      const socket = connect(Number(new URL(service.baseUrl).port), '127.0.0.1');
      socket.on('error', () => undefined).resume();
      sockets.push(socket);
      await once(socket, 'connect');
    }
    await eventually(
      () => sockets.filter(({ closed }) => !closed).length,
      (open) => open < 10,
    );
    expect((await service.get('/health/live')).status).toBe(200);
    expect((await waiting).status).toBe(200);
  });
});
