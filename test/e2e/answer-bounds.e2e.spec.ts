import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EventLogService } from '../../src/event-log/index.js';
import { Pipeline } from '../support/pipelining.js';
import { eventually, RunningService } from '../support/service.js';

const PAGE_BYTES = 1_048_576;

/** More than the buffers of two sockets hold. */
const LARGE_BYTES = 24 * PAGE_BYTES;

interface Events {
  readonly events: readonly { readonly seq: number }[];
  readonly nextAfter: number | null;
}

interface List {
  readonly processes: readonly { readonly correlationId: string; readonly data: string }[];
  readonly nextCursor: string | null;
}

describe('the limits of a response', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({
      HTTP_BODY_LIMIT_BYTES: '30000000',
      HTTP_ANSWERS_MAX_BYTES: String(4 * PAGE_BYTES),
    });
    await complete('large', 'x'.repeat(LARGE_BYTES));
  });

  afterAll(async () => {
    await service.destroy();
  });

  async function complete(correlationId: string, data: string): Promise<void> {
    const answer = await service.post('/api/process/complete', { correlationId, status: 'ok', data });
    expect(answer.status).toBe(200);
  }

  it('ends a page of events at a mebibyte, with a cursor to the next page', async () => {
    await complete('trail', 'x');
    const log = service.app.get(EventLogService, { strict: false });
    const text = 'y'.repeat(30_000);
    for (let n = 0; n < 80; n += 1) {
      await log.logEvent({ correlationId: 'trail', stepName: 'step', status: 'ok', requestData: { text } });
    }
    const sizes: number[] = [];
    const seen: number[] = [];
    let after: number | null = 0;
    do {
      const page = await service.get(`/api/process/events/trail?limit=1000&after=${after}`);
      const { events, nextAfter } = page.body as unknown as Events;
      sizes.push(page.text.length);
      seen.push(...events.map(({ seq }) => seq));
      after = nextAfter;
    } while (after !== null);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThan(PAGE_BYTES * 1.1);
    expect(seen).toEqual(Array.from({ length: seen.length }, (_each, index) => index + 1));
    expect(seen.length).toBeGreaterThanOrEqual(80);
    // A page that is full by its limit gives the same.
    const short = (await service.get('/api/process/events/trail?limit=2')).body as unknown as Events;
    expect(short.nextAfter).toBe(2);
  });

  it('ends a page of results at a mebibyte and loses none across pages', async () => {
    for (let n = 0; n < 8; n += 1) await complete(`r${n}`, 'z'.repeat(300_000));
    const seen: string[] = [];
    let query = 'include=data&status=ok';
    for (;;) {
      const page = await service.get(`/api/process/status/all?${query}`);
      const { processes, nextCursor } = page.body as unknown as List;
      // An item that is larger than a page is alone on its page.
      if (processes.some(({ correlationId }) => correlationId === 'large')) expect(processes).toHaveLength(1);
      else expect(page.text.length).toBeLessThan(PAGE_BYTES * 1.1);
      seen.push(...processes.map(({ correlationId }) => correlationId));
      if (nextCursor === null) break;
      query = `include=data&status=ok&cursor=${nextCursor}`;
    }
    expect(seen).toEqual(expect.arrayContaining(['large', 'r0', 'r1', 'r2', 'r3', 'r4', 'r5', 'r6', 'r7']));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('returns a large result completely with its length, and only its headers to HEAD', async () => {
    const response = await fetch(`${service.baseUrl}/api/process/status/large`);
    const text = await response.text();
    expect((JSON.parse(text) as { data: string }).data).toHaveLength(LARGE_BYTES);
    expect(response.headers.get('content-length')).toBe(String(text.length));
    const head = await fetch(`${service.baseUrl}/api/process/status/large`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, String(text.length)]);
  });

  it('refuses a client further large responses until it has read the earlier ones', async () => {
    await complete('middle', 'm'.repeat(100_000));
    await complete('small', 's');
    const reader = await Pipeline.open(service.baseUrl);
    try {
      reader.socket.pause();
      reader.get('/api/process/status/large');
      const refused = await eventually(
        () => service.status('middle'),
        ({ status }) => status === 503,
      );
      expect(refused.body.type).toBe('urn:fastify-camunda:problem:too-many-answers');
      expect(refused.headers.get('retry-after')).toBe('5');
      const repeated = await service.post('/api/process/cancel/middle', {});
      expect(repeated.status).toBe(409);
      expect((await service.status('small')).status).toBe(200);
    } finally {
      await reader.close();
    }
    await eventually(
      () => service.status('middle'),
      ({ status }) => status === 200,
    );
  });

  it('closes the connection of a client that reads nothing of its response', async () => {
    const strict = await RunningService.start({
      HTTP_BODY_LIMIT_BYTES: '30000000',
      HTTP_WRITE_TIMEOUT_MS: '300',
    });
    try {
      const data = 'x'.repeat(LARGE_BYTES);
      await strict.post('/api/process/complete', { correlationId: 'large', status: 'ok', data });
      const connected = once(strict.app.getHttpServer(), 'connection') as Promise<[Socket]>;
      const reader = await Pipeline.open(strict.baseUrl);
      const [held] = await connected;
      reader.socket.pause();
      reader.get('/api/process/status/large');
      await eventually(
        () => held.destroyed,
        (destroyed) => destroyed,
      );
      await reader.close();
    } finally {
      await strict.destroy();
    }
  });
});
