import { Agent, request } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ProcessStoreService } from '../../src/process-store/index.js';
import { WaitroomService } from '../../src/waitroom/index.js';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

const START = '/api/process/start';

describe('the wait of a request', () => {
  const { process: parcel, witness } = parcelProcess();
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start(
      { SYNC_TIMEOUT_MS: '100', SYNC_TIMEOUT_MAX_MS: '30000', WAITROOM_MAX: '2' },
      [parcel],
    );
  });

  afterAll(async () => {
    witness.release();
    await service.destroy();
  });

  /** Starts a process that runs until it is completed by HTTP. */
  function startHeld(correlationId: string, prefer?: string): Promise<Answer> {
    return service.post(
      START,
      { processKey: 'parcel', correlationId, variables: { mode: 'hold' } },
      prefer === undefined ? {} : { prefer },
    );
  }

  function complete(correlationId: string): Promise<Answer> {
    return service.post('/api/process/complete', { correlationId, status: 'ok', data: correlationId });
  }

  /** Waits until a request that was just made is held. */
  async function held(correlationId: string): Promise<void> {
    await eventually(
      () => witness.running.has(correlationId),
      (running) => running,
    );
  }

  describe('by Prefer at a start', () => {
    it.each([
      ['respond-async', 'respond-async'],
      ['wait=0', 'wait=0'],
      ['Respond-Async, WAIT="0"; a=b', 'respond-async, wait=0'],
      ['wait=0, wait=30', 'wait=0'],
    ])('answers %s with 202, and says what was used', async (prefer, applied) => {
      const id = `now-${applied.replaceAll(/\W+/g, '-')}-${prefer.length}`;
      const answer = await startHeld(id, prefer);
      expect(answer.status).toBe(202);
      expect(answer.headers.get('preference-applied')).toBe(applied);
      expect(answer.headers.get('vary')).toBe('Prefer');
      expect(answer.headers.get('location')).toBe(`/api/process/status/${id}`);
      await complete(id);
    });

    it('still returns 404 for a mistyped key', async () => {
      for (const prefer of ['respond-async', 'wait=0']) {
        const refused = await service.post(START, { processKey: 'nope' }, { prefer });
        expect([refused.status, refused.body.type]).toEqual([
          404,
          'urn:fastify-camunda:problem:unknown-process-definition',
        ]);
      }
    });

    it.each([
      ['wait=900', 'wait=30', 'clamped to SYNC_TIMEOUT_MAX_MS'],
      ['respond-async, wait=30', 'wait=30', 'with respond-async as well'],
    ])('holds the answer to %s until the outcome is there, %s', async (prefer, applied, name) => {
      const id = `held-${name.length}`;
      const answered = startHeld(id, prefer);
      await held(id);
      await complete(id);
      const answer = await answered;
      expect([answer.status, answer.body.data]).toEqual([200, id]);
      expect(answer.headers.get('preference-applied')).toBe(applied);
      const again = await startHeld(id, 'respond-async');
      expect([again.status, again.headers.get('preference-applied')]).toEqual([200, null]);
    });

    it.each(['wait=soon', 'wait', 'wait=-1', 'respond-async=maybe', 'handling=strict', '"', ';;,='])(
      'waits as configured for a preference that it does not know: %s',
      async (prefer) => {
        const id = `unknown-${Buffer.from(prefer).toString('hex')}`;
        const answer = await startHeld(id, prefer);
        expect([answer.status, answer.headers.get('preference-applied')]).toEqual([202, null]);
        await complete(id);
      },
    );

    it('keeps no waiter for a client that disconnected before the commit of its claim', async () => {
      const store = service.app.get(ProcessStoreService, { strict: false });
      const claim = store.claim.bind(store);
      const client = new AbortController();
      const closed = new Promise<void>((resolve) => {
        service.app.getHttpServer().once('connection', (socket: Socket) =>
          socket.once('close', () => {
            resolve();
          }),
        );
      });
      const claimed = jest.spyOn(store, 'claim').mockImplementationOnce(async (...given) => {
        const result = await claim(...given);
        client.abort();
        await closed;
        return result;
      });
      try {
        const body = { processKey: 'parcel', correlationId: 'gone', variables: { mode: 'hold' } };
        const start = request(`${service.baseUrl}${START}`, {
          agent: new Agent(),
          method: 'POST',
          headers: { 'content-type': 'application/json', prefer: 'wait=30' },
          signal: client.signal,
        });
        start.on('error', () => undefined);
        start.end(JSON.stringify(body));
        await held('gone');
        expect(service.app.get(WaitroomService, { strict: false }).size).toBe(0);
      } finally {
        claimed.mockRestore();
      }
      await complete('gone');
    });

    it('returns 202 without a wait if WAITROOM_MAX others wait', async () => {
      const first = startHeld('full-1', 'wait=30');
      const second = startHeld('full-2', 'wait=30');
      await Promise.all([held('full-1'), held('full-2')]);
      const third = await startHeld('full-3', 'wait=30');
      expect([third.status, third.headers.get('preference-applied')]).toEqual([202, 'wait=30']);
      await Promise.all(['full-1', 'full-2', 'full-3'].map(complete));
      expect([(await first).status, (await second).status]).toEqual([200, 200]);
    });
  });

  describe('at a status', () => {
    const path = (correlationId: string): string => `/api/process/status/${correlationId}`;

    function ask(id: string, headers: Record<string, string> = {}, query = ''): Promise<Answer> {
      return service.get(`${path(id)}${query}`, headers);
    }

    it.each([
      ['the parameter wait', '?wait=30', {}, null],
      ['Prefer: wait', '', { prefer: 'wait=900' }, 'wait=30'],
      ['both, of which the parameter counts', '?wait=30', { prefer: 'wait=0' }, null],
    ])('is held by %s until the process has ended', async (name, query, headers, applied) => {
      const id = `patient-${name.length}`;
      await startHeld(id, 'wait=0');
      await held(id);
      const answered = ask(id, headers, query);
      await complete(id);
      const answer = await answered;
      expect([answer.status, answer.body.data]).toEqual([200, id]);
      expect([answer.headers.get('preference-applied'), answer.headers.get('vary')]).toEqual([
        applied,
        'Prefer',
      ]);
    });

    it('is 202 with Retry-After if the wait ends first', async () => {
      await startHeld('impatient', 'wait=0');
      for (const query of ['', '?wait=0', '?wait=1']) {
        const answer = await ask('impatient', {}, query);
        expect(answer.status).toBe(202);
        expect(answer.headers.get('retry-after')).toMatch(/^([1-9]|[1-5]\d|60)$/);
      }
      await complete('impatient');
    });

    it.each(['?wait=', '?wait=x', '?wait=1.5', '?wait=-1', '?wait=1&wait=2'])('refuses %s', async (query) => {
      const refused = await ask('none', {}, query);
      expect([refused.status, refused.body.type]).toEqual([
        400,
        'urn:fastify-camunda:problem:invalid-request',
      ]);
    });

    it('has a strong entity tag that changes with the outcome, and returns 304 for the current tag', async () => {
      await startHeld('tagged', 'wait=0');
      const pending = await ask('tagged');
      const startedAt = Date.parse(pending.body.startedAt as string);
      expect(pending.headers.get('etag')).toBe(`"${startedAt}-1"`);
      const unchanged = await ask('tagged', { 'if-none-match': `"x", W/"${startedAt}-1"` });
      expect([unchanged.status, unchanged.text]).toEqual([304, '']);
      expect(unchanged.headers.get('etag')).toBe(`"${startedAt}-1"`);
      expect(unchanged.headers.get('process-status')).toBe('pending');
      await complete('tagged');
      const finished = await ask('tagged', { 'if-none-match': `"${startedAt}-1"` });
      expect([finished.status, finished.headers.get('etag')]).toEqual([200, `"${startedAt}-2"`]);
      expect((await ask('tagged', { 'if-none-match': '*' })).status).toBe(304);
    });

    it('waits for a change from the state of the client', async () => {
      const failed = await service.post(START, {
        processKey: 'parcel',
        correlationId: 'repaired',
        variables: { mode: 'fatal' },
      });
      const incident = await eventually(
        () => ask('repaired'),
        ({ status }) => status === 500,
      );
      expect(failed.status).toBeGreaterThanOrEqual(202);
      const etag = incident.headers.get('etag') ?? '';
      const same = await ask('repaired', { 'if-none-match': etag });
      expect([same.status, same.body.errorCode]).toEqual([500, 'INCIDENT']);
      const answered = ask('repaired', { 'if-none-match': etag }, '?wait=30');
      await complete('repaired');
      const answer = await answered;
      expect([answer.status, answer.headers.get('etag')]).not.toEqual([500, etag]);
    });

    it('responds to HEAD with the headers of GET and no body', async () => {
      await startHeld('headed', 'wait=0');
      await complete('headed');
      const url = `${service.baseUrl}${path('headed')}`;
      const [get, head] = [await fetch(url), await fetch(url, { method: 'HEAD' })];
      expect([head.status, await head.text()]).toEqual([200, '']);
      const shown = ({ headers }: Response): unknown =>
        ['etag', 'process-status', 'content-type', 'content-length', 'cache-control', 'vary'].map((name) =>
          headers.get(name),
        );
      expect(shown(head)).toEqual(shown(get));
      const unchanged = await fetch(url, {
        method: 'HEAD',
        headers: { 'if-none-match': get.headers.get('etag') ?? '' },
      });
      expect([unchanged.status, unchanged.headers.get('content-length')]).toEqual([304, null]);
      const unknown = await fetch(`${service.baseUrl}${path('none')}`, { method: 'HEAD' });
      expect([unknown.status, await unknown.text()]).toEqual([404, '']);
    });
  });
});
