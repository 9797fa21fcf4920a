import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { EventLogService } from '../../src/event-log/index.js';
import { EventStream } from '../../src/process/http/event-stream.js';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { EventStreamClient } from '../support/event-stream.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

type Event = Record<string, unknown>;

const path = (correlationId: string): string => `/api/process/events/${correlationId}`;

describe('the trail of a process', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({ SYNC_TIMEOUT_MS: '50000' });
  });

  afterAll(async () => {
    await service.destroy();
  });

  function open(correlationId: string, headers: Record<string, string> = {}): Promise<EventStreamClient> {
    return EventStreamClient.open(`${service.baseUrl}${path(correlationId)}`, headers);
  }

  function eventsOf({ body }: Answer): Event[] {
    return body.events as Event[];
  }

  it('is returned as JSON, oldest first, with every column of event_log', async () => {
    await service.start('json');
    const rows = await service.wholeTrail('json', 5);
    const answer = await service.get(path('json'));
    expect([answer.status, answer.body.correlationId]).toEqual([200, 'json']);
    expect(answer.headers.get('process-status')).toBe('ok');
    expect(answer.headers.get('vary')).toBe('Accept');
    const events = eventsOf(answer);
    expect(events.map(({ seq }) => seq)).toEqual(rows.map((_row, index) => index + 1));
    const camelCase = (column: string): string =>
      column.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
    for (const event of events) {
      expect(Object.keys(event).sort()).toEqual(
        Object.keys(rows[0] ?? {})
          .map(camelCase)
          .sort(),
      );
    }
    expect(events.find(({ stepName }) => stepName === 'run-background-check')).toMatchObject({
      step: 2,
      status: 'ok',
      processName: 'onboard-user',
      requestData: expect.any(Object),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/),
    });
  });

  it('is returned in pages', async () => {
    await service.start('paged');
    await service.wholeTrail('paged', 5);
    const seqs = async (query: string): Promise<unknown[]> =>
      eventsOf(await service.get(`${path('paged')}?${query}`)).map(({ seq }) => seq);
    expect(await seqs('limit=2')).toEqual([1, 2]);
    expect(await seqs('limit=2&after=2')).toEqual([3, 4]);
    expect(await seqs('after=5&limit=1000')).toEqual([]);
  });

  it.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'after=-1',
    'after=x',
    'after=1&after=2',
    'after=99999999999',
  ])('is refused with %s', async (query) => {
    const refused = await service.get(`${path('any')}?${query}`);
    expect([refused.status, refused.body.type]).toEqual([400, 'urn:fastify-camunda:problem:invalid-request']);
  });

  it('is 404 for an unknown id, as JSON and as a stream', async () => {
    for (const accept of ['application/json', 'text/event-stream']) {
      for (const id of ['none', 'a'.repeat(255)]) {
        const unknown = await service.get(path(id), { accept });
        expect([unknown.status, unknown.body.type]).toEqual([
          404,
          'urn:fastify-camunda:problem:unknown-process',
        ]);
      }
    }
  });

  it.each([
    ['text/event-stream', 'text/event-stream'],
    ['text/event-stream, */*;q=0.5', 'text/event-stream'],
    ['text/*', 'text/event-stream'],
    ['application/json, text/event-stream', 'application/json; charset=utf-8'],
    ['text/event-stream;q=0.5, application/json', 'application/json; charset=utf-8'],
    ['text/event-stream;q=0, */*', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['', 'application/json; charset=utf-8'],
    ['text/html', 'application/problem+json'],
    ['application/problem+json', 'application/problem+json'],
    ['text/event-stream;q=0', 'application/problem+json'],
  ])('is given for Accept: %s as %s', async (accept, mediaType) => {
    await service.start('accepted');
    const answer = await service.get(path('accepted'), { accept });
    expect(answer.headers.get('content-type')).toBe(mediaType);
    expect(answer.status).toBe(mediaType === 'application/problem+json' ? 406 : 200);
  });

  it('returns only headers to HEAD, for JSON and for a stream', async () => {
    await service.start('headed');
    for (const accept of ['application/json', 'text/event-stream']) {
      const head = await fetch(`${service.baseUrl}${path('headed')}`, {
        method: 'HEAD',
        headers: { accept },
      });
      expect([head.status, head.headers.get('process-status'), await head.text()]).toEqual([200, 'ok', '']);
      expect(head.headers.get('content-type')).toContain(accept);
    }
  });

  it('streams each event once as in the page, and the outcome last', async () => {
    const started = service.start('slow-live');
    await eventually(
      () => service.status('slow-live'),
      ({ status }) => status === 202,
    );
    const client = await open('slow-live');
    expect(client.response.headers.get('content-type')).toBe('text/event-stream');
    expect(client.response.headers.get('cache-control')).toBe('private, no-cache, no-transform');
    await client.whole();
    const outcome = await started;
    expect(client.seen.at(-1)).toEqual({ id: null, event: 'end', data: outcome.body });
    const events = eventsOf(await service.get(path('slow-live')));
    expect(client.seen.slice(0, -1)).toEqual(
      events.map((event) => ({ id: String(event.seq), event: 'message', data: event })),
    );
    expect(events.map(({ stepName }) => stepName)).toEqual(
      expect.arrayContaining(['start', 'validate-user-information', 'prepare-response']),
    );
  });

  it('has the rows of the start and of the last step before its end, even for a fast process', async () => {
    const ids = Array.from({ length: 20 }, (_, n) => `fast-${n}`);
    for (const id of ids) {
      const started = service.start(id);
      const client = await eventually(
        () => open(id),
        ({ response }) => response.status === 200,
      );
      await client.whole();
      await started;
      const steps = client.seen.map(({ event, data }) => (event === 'end' ? 'end' : data.stepName));
      expect(steps).toEqual(expect.arrayContaining(['start', 'prepare-response']));
      expect(steps.at(-1)).toBe('end');
      expect(client.seqs).toEqual(client.seqs.map((_seq, index) => index + 1));
    }
  });

  it('resumes by Last-Event-ID or after, without gaps or repetitions', async () => {
    await service.start('resumed');
    await service.wholeTrail('resumed', 5);
    const byHeader = await open('resumed', { 'last-event-id': '2' });
    const byParameter = await open('resumed?after=2');
    const byBoth = await open('resumed?after=1', { 'last-event-id': '3' });
    const atTheEnd = await open('resumed', { 'last-event-id': '5' });
    await Promise.all([byHeader, byParameter, byBoth, atTheEnd].map((client) => client.whole()));
    expect([byHeader.seqs, byParameter.seqs, byBoth.seqs, atTheEnd.seqs]).toEqual([
      [3, 4, 5],
      [3, 4, 5],
      [4, 5],
      [],
    ]);
    for (const client of [byHeader, byParameter, byBoth, atTheEnd]) {
      expect(client.seen.at(-1)?.event).toBe('end');
    }
  });

  it.each(['x', '-1', '1.5', '99999999999'])('refuses Last-Event-ID: %s', async (lastEventId) => {
    await service.start('refused');
    const refused = await service.get(path('refused'), {
      accept: 'text/event-stream',
      'last-event-id': lastEventId,
    });
    expect([refused.status, refused.body.type]).toEqual([400, 'urn:fastify-camunda:problem:invalid-request']);
  });
});

describe('an event stream without an end', () => {
  const { process: parcel, witness } = parcelProcess();
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({ SYNC_TIMEOUT_MS: '50000' }, [parcel]);
  });

  afterAll(async () => {
    witness.release();
    await service.destroy();
  });

  async function started(correlationId: string, mode: string): Promise<EventStreamClient> {
    await service.post(
      '/api/process/start',
      { processKey: 'parcel', correlationId, variables: { mode } },
      { prefer: mode === 'hold' ? 'wait=0' : 'wait=10' },
    );
    return EventStreamClient.open(`${service.baseUrl}${path(correlationId)}`);
  }

  function seen(client: EventStreamClient, count: number): Promise<unknown> {
    return eventually(
      () => client.seen.length,
      (length) => length >= count,
    );
  }

  it('stays open on an incident until it is repaired', async () => {
    const client = await started('broken', 'fatal');
    await seen(client, 2);
    const { headers } = client.response;
    expect([client.isOver, headers.get('process-status')]).toEqual([false, 'error']);
    expect([headers.get('cache-control'), headers.get('x-accel-buffering')]).toEqual([
      'private, no-cache, no-transform',
      'no',
    ]);
    await service.post('/api/process/complete', { correlationId: 'broken', status: 'ok', data: 'repaired' });
    await client.whole();
    expect(client.seen.at(-1)).toMatchObject({ event: 'end', data: { status: 'ok', data: 'repaired' } });
  });

  it('sends a refused completion when it is written', async () => {
    const client = await started('late', 'hold');
    await service.post('/api/process/complete', { correlationId: 'late', status: 'ok', data: 1 });
    await client.whole();
    await service.post('/api/process/complete', { correlationId: 'late', status: 'ok', data: 2 });
    const resumed = await EventStreamClient.open(`${service.baseUrl}${path('late')}`, {
      'last-event-id': String(client.seqs.at(-1) ?? 0),
    });
    await resumed.whole();
    expect(resumed.seen.map(({ event, data }) => data.stepName ?? event)).toContain('complete');
  });

  it('is closed when its client disconnects', async () => {
    const close = jest.spyOn(EventStream.prototype, 'close');
    const client = await started('left', 'hold');
    await seen(client, 1);
    client.leave();
    await eventually(
      () => close.mock.calls.length,
      (calls) => calls === 1,
    );
    close.mockRestore();
    await service.post('/api/process/complete', { correlationId: 'left', status: 'ok' });
    expect((await service.status('left')).status).toBe(200);
  });

  it('reads no more of the table than a slow client reads', async () => {
    const log = service.app.get(EventLogService, { strict: false });
    const findPage = jest.spyOn(log, 'findPage');
    const text = 'x'.repeat(30_000);
    for (let group = 0; group < 10; group += 1) {
      await Promise.all(
        Array.from({ length: 100 }, () =>
          log.logEvent({
            correlationId: 'large',
            stepName: 'note',
            status: 'ok',
            requestData: { text },
            responseData: { text },
          }),
        ),
      );
    }
    await service.post('/api/process/complete', { correlationId: 'large', status: 'ok' });

    const slow = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { accept: 'text/event-stream' };
      request(`${service.baseUrl}${path('large')}`, { headers }, resolve)
        .on('error', reject)
        .end();
    });
    // The slow one is not read; when the fast one is complete, it is blocked.
    const fast = await EventStreamClient.open(`${service.baseUrl}${path('large')}`);
    await fast.whole();
    // The last is that of the completion.
    expect(fast.seqs).toHaveLength(1_001);
    // A stream reads four of these events at a time.
    const pages = 1_000 / 4 + 1;
    expect(findPage.mock.calls.length - pages).toBeLessThan(pages / 2);
    slow.destroy();
    findPage.mockRestore();
  });

  it('is closed without an end event if the service stops, and resumes after the restart', async () => {
    const stopping = await RunningService.start({ SIMULATOR_SLOW_MS: '600000' });
    const { dataDir } = stopping;
    await stopping.post(
      '/api/process/start',
      { processKey: 'onboard-user', correlationId: 'slow-stopped', variables: { userId: 'slow-stopped' } },
      { prefer: 'wait=0' },
    );
    const client = await EventStreamClient.open(`${stopping.baseUrl}${path('slow-stopped')}`);
    await seen(client, 2);
    await stopping.stop();
    await client.whole();
    expect(client.seen.map(({ event }) => event)).not.toContain('end');

    const after = await RunningService.start({ DATA_DIR: dataDir });
    try {
      const resumed = await EventStreamClient.open(`${after.baseUrl}${path('slow-stopped')}`, {
        'last-event-id': String(client.seqs.at(-1)),
      });
      await after.post('/api/process/complete', { correlationId: 'slow-stopped', status: 'ok' });
      await resumed.whole();
      expect(resumed.seen.at(-1)?.event).toBe('end');
      const all = [...client.seqs, ...resumed.seqs];
      expect(all).toEqual(all.map((_seq, index) => index + 1));
    } finally {
      await after.destroy();
    }
  });
});
