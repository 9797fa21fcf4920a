import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningService } from '../support/service.js';

const COMPLETE = '/api/process/complete';

describe('the contract of complete', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({ SYNC_TIMEOUT_MS: '100' });
  });

  afterAll(async () => {
    await service.destroy();
  });

  it('stores the outcome of an unknown id and returns it', async () => {
    const data = { list: [1, 'ü🙂'], n: 1.5 };
    expect((await service.post(COMPLETE, { correlationId: 'foreign', status: 'ok', data })).body).toEqual({
      received: true,
    });
    const status = await service.status('foreign');
    expect(status.status).toBe(200);
    expect(status.body).toMatchObject({ processKey: null, status: 'ok', data });
    const started = await service.start('foreign');
    expect(started.status).toBe(409);
  });

  it('writes content and requester to the trail, once for each change and each refusal', async () => {
    const body = { correlationId: 'trail', status: 'ok', data: { n: 1, password: 'hidden' } };
    await service.post(COMPLETE, body, { 'x-request-id': 'first' });
    await service.post(COMPLETE, body, { 'x-request-id': 'again' });
    await service.post(COMPLETE, { ...body, data: 2 }, { 'x-request-id': 'other' });
    const rows = await service.trail('trail');
    expect(rows.map(({ step, step_name, status, result }) => [step, step_name, status, result])).toEqual([
      [0, 'complete', 'ok', 'Completed by HTTP'],
      [0, 'complete', 'error', 'Completion refused'],
    ]);
    const by = { clientAddress: '127.0.0.1', forwardedFor: null, principal: null };
    expect(rows.map(({ metadata }) => JSON.parse(String(metadata)) as unknown)).toEqual([
      { processStatus: 'ok', requestedBy: { requestId: 'first', ...by } },
      expect.objectContaining({ processStatus: 'ok', requestedBy: { requestId: 'other', ...by } }),
    ]);
    expect(JSON.parse(String(rows[0]?.request_data))).toMatchObject({ status: 'ok', data: { n: 1 } });
    expect(rows[0]?.request_data).not.toContain('hidden');
    const [row] = await service.rows(
      'SELECT outcome_origin FROM process_store WHERE correlation_id = ?',
      'trail',
    );
    expect(row).toEqual({ outcome_origin: 'http' });
  });

  it('reports an equal outcome as a duplicate, also with another order of members', async () => {
    await service.post(COMPLETE, '{"correlationId":"twice","status":"ok","data":{"a":1,"b":2}}');
    const again = await service.post(
      COMPLETE,
      '{"correlationId":"twice","status":"ok","data":{"b":2.0,"a":1}}',
    );
    expect([again.status, again.body]).toEqual([200, { received: true, duplicate: true }]);
    expect((await service.status('twice')).text).toContain('"data":{"a":1,"b":2}');
  });

  it('keeps the first outcome, returns 409 for a different one and records the attempt', async () => {
    await service.post(COMPLETE, { correlationId: 'first', status: 'error', error: 'no', errorCode: 'NO' });
    for (const other of [
      { correlationId: 'first', status: 'ok', data: 1 },
      { correlationId: 'first', status: 'error', error: 'no', errorCode: 'OTHER' },
    ]) {
      const refused = await service.post(COMPLETE, other);
      expect([refused.status, refused.body.type]).toEqual([
        409,
        'urn:fastify-camunda:problem:outcome-conflict',
      ]);
      expect(refused.body).toMatchObject({ correlationId: 'first', processStatus: 'error' });
    }
    const status = await service.status('first');
    expect([status.status, status.body.errorCode]).toEqual([500, 'NO']);
    expect(
      (await service.trail('first')).map(({ step, step_name, status: outcome }) => [
        step,
        step_name,
        outcome,
      ]),
    ).toEqual([
      [0, 'complete', 'ok'],
      [0, 'complete', 'error'],
      [0, 'complete', 'error'],
    ]);
  });

  it('lets one of many concurrent outcomes win, and gives each caller the correct result', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        service.post(COMPLETE, { correlationId: 'race', status: 'ok', data: n }),
      ),
    );
    const stored = answers.flatMap(({ status }, n) => (status === 200 ? [n] : []));
    expect(stored).toHaveLength(1);
    expect((await service.status('race')).body.data).toBe(stored[0]);
  });

  it.each([
    ['an unknown status', { correlationId: 'x', status: 'done' }],
    ['ok with an error', { correlationId: 'x', status: 'ok', error: 'e' }],
    ['error with data', { correlationId: 'x', status: 'error', data: 1 }],
    ['a reserved code', { correlationId: 'x', status: 'error', errorCode: 'INCIDENT' }],
    ['a code that is no code', { correlationId: 'x', status: 'error', errorCode: 'no code' }],
    ['no id', { status: 'ok' }],
    ['the reserved id', { correlationId: 'all', status: 'ok' }],
    [
      'data with an integer that would lose digits',
      '{"correlationId":"x","status":"ok","data":[9007199254740993]}',
    ],
    ['data beyond a double', '{"correlationId":"x","status":"ok","data":1e999}'],
    ['data with a lone surrogate', '{"correlationId":"x","status":"ok","data":"\\ud800"}'],
    ['an error with a lone surrogate', '{"correlationId":"x","status":"error","error":"\\ud800"}'],
    [
      'data that is nested without end',
      `{"correlationId":"x","status":"ok","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    ],
    ['an unknown member', { correlationId: 'x', status: 'ok', result: 1 }],
  ])('refuses %s', async (_name, body) => {
    const refused = await service.post(COMPLETE, body);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
    expect((await service.status('x')).status).toBe(404);
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=x',
    'status=done',
    'startedAfter=yesterday',
    'cursor=%00',
    'include=data&limit=21',
    'page=2',
  ])('refuses the list parameter %s', async (query) => {
    const refused = await service.get(`/api/process/status/all?${query}`);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([400, 'application/problem+json']);
  });
});

describe('completing and listing, each with its own service', () => {
  it('completes a running process and wakes all its waiters', async () => {
    const patient = await RunningService.start({ SYNC_TIMEOUT_MS: '50000', SIMULATOR_SLOW_MS: '30000' });
    try {
      const waiting = [patient.start('slow-w'), patient.start('slow-w')];
      while ((await patient.status('slow-w')).status !== 202) await new Promise(setImmediate);
      expect(
        (await patient.post(COMPLETE, { correlationId: 'slow-w', status: 'ok', data: { by: 'http' } })).body,
      ).toEqual({
        received: true,
      });
      for (const answer of await Promise.all(waiting)) {
        expect([answer.status, answer.body.data]).toEqual([200, { by: 'http' }]);
      }
    } finally {
      await patient.destroy();
    }
  });

  it.each([422, 200])('returns an error with %d if PROCESS_ERROR_HTTP_STATUS sets it', async (status) => {
    const mild = await RunningService.start({ PROCESS_ERROR_HTTP_STATUS: String(status) });
    try {
      expect((await mild.start('blocked-mild')).status).toBe(status);
      const answer = await mild.status('blocked-mild');
      expect([answer.status, answer.body.status]).toEqual([status, 'error']);
      const again = await mild.get('/api/process/status/blocked-mild', { 'if-none-match': '*' });
      expect(again.status).toBe(status === 200 ? 304 : status);
    } finally {
      await mild.destroy();
    }
  });

  it('refuses an unknown id if COMPLETE_UNKNOWN is refuse', async () => {
    const strict = await RunningService.start({ COMPLETE_UNKNOWN: 'refuse' });
    try {
      const refused = await strict.post(COMPLETE, { correlationId: 'foreign', status: 'ok' });
      expect([refused.status, refused.body.type]).toEqual([
        404,
        'urn:fastify-camunda:problem:unknown-process',
      ]);
      expect((await strict.status('foreign')).status).toBe(404);
    } finally {
      await strict.destroy();
    }
  });

  it('lists the active processes without parameters, and pages of all processes with parameters', async () => {
    const listed = await RunningService.start({ SYNC_TIMEOUT_MS: '50', SIMULATOR_SLOW_MS: '60000' });
    try {
      await listed.start('slow-active');
      for (let n = 0; n < 5; n += 1)
        await listed.post(COMPLETE, { correlationId: `done-${n}`, status: 'ok', data: n });
      const active = await listed.get('/api/process/status/all');
      expect(active.status).toBe(200);
      expect(active.body.count).toBe((active.body.processes as unknown[]).length);
      expect(
        (active.body.processes as { correlationId: string }[]).map(({ correlationId }) => correlationId),
      ).toContain('slow-active');

      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page = await listed.get(`/api/process/status/all?status=ok&limit=2${query}`);
        const processes = page.body.processes as {
          correlationId: string;
          data: unknown;
          hasData: boolean;
        }[];
        expect(processes.every(({ data, hasData }) => data === null && hasData)).toBe(true);
        seen.push(...processes.map(({ correlationId }) => correlationId));
        cursor = page.body.nextCursor as string | null;
      } while (cursor !== null);
      expect(seen).toEqual(['done-4', 'done-3', 'done-2', 'done-1', 'done-0']);

      const withData = await listed.get('/api/process/status/all?status=ok&include=data&limit=1');
      expect((withData.body.processes as { data: unknown }[])[0]?.data).toBe(4);
    } finally {
      await listed.destroy();
    }
  });
});
