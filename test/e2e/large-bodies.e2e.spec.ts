import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/service.js';

const LARGE = 60_000;

describe('large bodies', () => {
  let service: RunningService;
  let slow: Socket;

  beforeAll(async () => {
    service = await RunningService.start({ HTTP_BODIES_MAX_BYTES: '65536' });
  });

  afterAll(async () => {
    slow.destroy();
    await service.destroy();
  });

  const complete = (correlationId: string, length: number) =>
    service.post('/api/process/complete', { correlationId, status: 'ok', data: 'x'.repeat(length) });

  it('wait while another one is processed; small ones do not', async () => {
    const { hostname, port } = new URL(service.baseUrl);
    slow = connect(Number(port), hostname);
    slow.on('error', () => undefined);
    const head = `POST /api/process/complete HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${LARGE}\r\n\r\n`;
    await new Promise<void>((resolve) => {
      slow.write(`${head}{"correlationId":`, () => {
        resolve();
      });
    });
    // Its head may be read a little later than it is written.
    for (let tries = 0; ; tries += 1) {
      const refused = await complete(`large-${tries}`, LARGE);
      if (refused.status === 200 && tries < 100) continue;
      expect([refused.status, refused.body.type]).toEqual([
        503,
        'urn:fastify-camunda:problem:too-many-bodies',
      ]);
      expect(refused.headers.get('retry-after')).toBe('5');
      break;
    }
    expect((await complete('small', 10)).status).toBe(200);
    const waiting = complete('waiting', LARGE);
    slow.destroy();
    expect((await waiting).status).toBe(200);
  });
});
