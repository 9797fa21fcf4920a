import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { Pipeline } from '../support/pipelining.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

describe('POST /api/process/cancel/{correlationId}', () => {
  const { process: parcel, witness } = parcelProcess();
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({}, [parcel]);
  });

  afterAll(async () => {
    witness.release();
    await service.destroy();
  });

  /** Starts a process that runs until it is completed or cancelled; the answer waits. */
  function startHeld(correlationId: string): Promise<Answer> {
    return service.start(correlationId, { mode: 'hold' });
  }

  async function held(correlationId: string): Promise<void> {
    await eventually(
      () => witness.running.has(correlationId),
      (running) => running,
    );
  }

  const cancel = (correlationId: string, body: unknown = {}): Promise<Answer> =>
    service.post(`/api/process/cancel/${correlationId}`, body);

  it('returns the cancelled process to the caller and to all waiters, and deletes its instance in the engine', async () => {
    const waiting = startHeld('unwanted');
    await held('unwanted');
    const cancelled = await cancel('unwanted', { reason: 'ordered twice' });
    expect([cancelled.status, cancelled.headers.get('process-status'), cancelled.body]).toEqual([
      200,
      'error',
      expect.objectContaining({ status: 'error', errorCode: 'CANCELLED', error: 'ordered twice' }),
    ]);
    const waited = await waiting;
    expect([waited.status, waited.text]).toEqual([500, cancelled.text]);
    expect((await service.status('unwanted')).text).toBe(cancelled.text);
    expect(await service.countRunning('unwanted')).toBe(0);
    expect((await cancel('unwanted')).text).toBe(cancelled.text);
  });

  it('records the requester in the trail', async () => {
    const waiting = startHeld('asked');
    await held('asked');
    const headers = { 'x-request-id': 'request-7', 'x-forwarded-for': '203.0.113.9, 10.0.0.1' };
    const cancelled = await service.post('/api/process/cancel/asked', { reason: 'no need' }, headers);
    expect(cancelled.status).toBe(200);
    await waiting;
    const rows = (await service.trail('asked')).filter(({ step_name }) => step_name === 'cancel');
    expect(rows.map(({ status, result }) => [status, result])).toEqual([
      ['ok', 'Cancellation requested'],
      ['error', 'Process cancelled'],
    ]);
    expect(JSON.parse(String(rows[0]?.metadata))).toEqual({
      reason: 'no need',
      requestedBy: {
        requestId: 'request-7',
        clientAddress: '127.0.0.1',
        forwardedFor: '203.0.113.9, 10.0.0.1',
        principal: null,
      },
    });
  });

  it('accepts no body, an empty JSON body, and an object without a reason', async () => {
    for (const [id, init] of [
      ['no-body', { method: 'POST' }],
      ['empty-body', { method: 'POST', headers: { 'content-type': 'application/json' } }],
      ['no-reason', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }],
    ] as const) {
      const waiting = startHeld(id);
      await held(id);
      const response = await fetch(`${service.baseUrl}/api/process/cancel/${id}`, init);
      expect([id, response.status, await response.json()]).toEqual([
        id,
        200,
        expect.objectContaining({ errorCode: 'CANCELLED', error: 'The process was cancelled.' }),
      ]);
      await waiting;
    }
  });

  it.each([
    ['of length 0 and no type', 'Content-Length: 0\r\n\r\n'],
    ['of length 0 and a type', 'Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n'],
    ['of length 0 and a type that is none', 'Content-Type: nonsense\r\nContent-Length: 0\r\n\r\n'],
    ['of length 0 and JSON', 'Content-Type: application/json\r\nContent-Length: 0\r\n\r\n'],
    ['in chunks, without a type', 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['in chunks, of a type', 'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['in chunks, JSON', 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ])('treats an empty body as absent: %s', async (_, rest) => {
    const pipeline = await Pipeline.open(service.baseUrl);
    pipeline.send(`POST /api/process/cancel/unknown-1 HTTP/1.1\r\nHost: test\r\n${rest}`);
    const [answer] = await eventually(
      () => pipeline.answers(),
      (answers) => answers.length > 0,
    );
    pipeline.socket.destroy();
    expect([answer?.status, answer?.body]).toEqual([404, expect.stringContaining('unknown-process')]);
  });

  it.each([
    ['text', 'Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n', 415],
    ['JSON', 'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n', 404],
  ])('answers a chunked body: %s', async (_, rest, status) => {
    const pipeline = await Pipeline.open(service.baseUrl);
    pipeline.send(`POST /api/process/cancel/unknown-2 HTTP/1.1\r\nHost: test\r\n${rest}`);
    const [answer] = await eventually(
      () => pipeline.answers(),
      (answers) => answers.length > 0,
    );
    pipeline.socket.destroy();
    expect(answer?.status).toBe(status);
  });

  it('refuses unknown members, wrong types, and bodies that are not JSON', async () => {
    for (const body of [{ why: 'x' }, { reason: 5 }, { reason: '' }, [], '{']) {
      expect([body, (await cancel('anything', body)).status]).toEqual([body, 400]);
    }
  });

  it('returns 404 for an unknown id, and 409 for a process that has ended', async () => {
    const unknown = await cancel('nobody');
    expect([unknown.status, unknown.body.type]).toEqual([404, 'urn:fastify-camunda:problem:unknown-process']);
    const waiting = startHeld('ended');
    await held('ended');
    await service.post('/api/process/complete', { correlationId: 'ended', status: 'ok', data: 1 });
    await waiting;
    const ended = await cancel('ended');
    expect([ended.status, ended.body]).toEqual([
      409,
      expect.objectContaining({
        type: 'urn:fastify-camunda:problem:process-ended',
        processStatus: 'ok',
        statusUrl: '/api/process/status/ended',
      }),
    ]);
    expect((await service.status('ended')).body).toMatchObject({ status: 'ok', data: 1 });
  });

  it('writes the cancel to the trail', async () => {
    const { body } = await service.get('/api/process/events/unwanted');
    const results = (body.events as { stepName: string; result: string }[])
      .filter(({ stepName }) => stepName === 'cancel')
      .map(({ result }) => result);
    expect(results).toEqual(['Cancellation requested', 'Process cancelled']);
  });
});
