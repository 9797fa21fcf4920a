import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WaitroomService } from '../../src/waitroom/index.js';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { Pipeline } from '../support/pipelining.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

const STATUS = '/api/process/status/held';
const EVENTS = '/api/process/events/held';
const STREAM = { accept: 'text/event-stream' };

describe('a connection', () => {
  let parcel: ReturnType<typeof parcelProcess>['process'];
  let witness: ReturnType<typeof parcelProcess>['witness'];
  let service: RunningService;
  let pipeline: Pipeline;

  beforeEach(async () => {
    ({ process: parcel, witness } = parcelProcess());
    service = await RunningService.start(
      { EVENT_STREAMS_MAX: '12', EVENT_STREAMS_PER_CLIENT: '12', WAITS_PER_CLIENT: '12' },
      [parcel],
    );
    await start('held', 'wait=0');
    pipeline = await Pipeline.open(service.baseUrl);
  });

  afterEach(async () => {
    await pipeline.close();
    witness.release();
    await service.destroy();
  });

  function start(correlationId: string, prefer: string): Promise<Answer> {
    const body = { processKey: 'parcel', correlationId, variables: { mode: 'hold' } };
    return service.post('/api/process/start', body, { prefer });
  }

  async function waiting(count: number): Promise<void> {
    const waitroom = service.app.get(WaitroomService, { strict: false });
    await eventually(
      () => waitroom.size,
      (size) => size === count,
    );
  }

  /** Opens a stream, and closes it once it is open. */
  async function openStream(): Promise<number> {
    const abort = new AbortController();
    const { status } = await fetch(`${service.baseUrl}${EVENTS}`, { headers: STREAM, signal: abort.signal });
    abort.abort();
    return status;
  }

  it('ends all its waits when it closes, also those of queued requests', async () => {
    pipeline.get(`${STATUS}?wait=55`, {}, 12);
    await waiting(12);
    await pipeline.close();
    await waiting(0);
  });

  it('ends all its streams when it closes, also those of queued requests', async () => {
    pipeline.get(EVENTS, STREAM, 12);
    // Only the first can answer, but each of them is open.
    await eventually(openStream, (status) => status === 429);
    await pipeline.close();
    await eventually(openStream, (status) => status === 200);
  });

  it('ends the wait of a start when it closes, and the process continues', async () => {
    const body = JSON.stringify({ processKey: 'parcel', correlationId: 'left', variables: { mode: 'hold' } });
    pipeline.get(`${STATUS}?wait=55`);
    pipeline.send(
      `POST /api/process/start HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await waiting(2);
    await pipeline.close();
    await waiting(0);
    expect((await service.status('left')).status).toBe(202);
  });

  it('may have 20 unanswered requests; further ones are 429 and are not processed', async () => {
    pipeline.get(`${STATUS}?wait=1`, {}, 1);
    pipeline.get(STATUS, {}, 24);
    await eventually(
      () => pipeline.answers().length,
      (count) => count === 25,
    );
    const answers = pipeline.answers();
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array<number>(20).fill(202),
      ...Array<number>(5).fill(429),
    ]);
    const last = answers.at(-1);
    expect(last?.headers).toMatchObject({
      'content-type': 'application/problem+json',
      'retry-after': '1',
      'x-request-id': expect.any(String),
    });
    expect(JSON.parse(last?.body ?? '')).toMatchObject({
      type: 'urn:fastify-camunda:problem:rate-limited',
      detail: expect.stringContaining('HTTP_REQUESTS_PER_CONNECTION'),
    });
    // They are answered, so there is room again.
    pipeline.get(STATUS);
    await eventually(
      () => pipeline.answers().at(25)?.status,
      (status) => status === 202,
    );
  });

  it('is closed with ten times as many unanswered requests', async () => {
    pipeline.get(`${STATUS}?wait=55`, {}, 201);
    await eventually(
      () => pipeline.socket.closed,
      (closed) => closed,
    );
    await waiting(0);
  });

  it('shares the waits of its client: a further status request is 429, a further start does not wait', async () => {
    pipeline.get(`${STATUS}?wait=55`, {}, 12);
    await waiting(12);
    const refused = await service.get(`${STATUS}?wait=55`);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '5']);
    expect(refused.body).toMatchObject({
      type: 'urn:fastify-camunda:problem:rate-limited',
      detail: expect.stringContaining('WAITS_PER_CLIENT'),
    });
    expect((await service.status('held')).status).toBe(202);
    expect((await start('taken', 'wait=55')).status).toBe(202);
    await pipeline.close();
    await waiting(0);
    const answered = service.get(`${STATUS}?wait=55`);
    await waiting(1);
    witness.release();
    expect((await answered).status).toBe(200);
  });

  it('is 503 for a stream beyond the limit of all clients', async () => {
    const other = await RunningService.start({ EVENT_STREAMS_MAX: '1' }, [parcel]);
    const held = await Pipeline.open(other.baseUrl);
    try {
      await other.post(
        '/api/process/start',
        {
          processKey: 'parcel',
          correlationId: 'open',
          variables: { mode: 'hold' },
        },
        { prefer: 'wait=0' },
      );
      held.get('/api/process/events/open', STREAM);
      await eventually(
        () => held.text.includes('retry: '),
        (open) => open,
      );
      const refused = await other.get('/api/process/events/open', STREAM);
      expect([refused.status, refused.body.type, refused.headers.get('retry-after')]).toEqual([
        503,
        'urn:fastify-camunda:problem:too-many-streams',
        '5',
      ]);
      expect((await other.get('/api/process/events/open')).status).toBe(200);
    } finally {
      await held.close();
      await other.destroy();
    }
  });
});
