import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

describe('the end of a process', () => {
  const { process: parcel, witness } = parcelProcess();
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({ SYNC_TIMEOUT_MS: '50000', EMBEDDED_ENGINE_PORT: '0' }, [parcel]);
  });

  afterAll(async () => {
    await service.destroy();
  });

  function start(correlationId: string, mode: string, more: Record<string, unknown> = {}): Promise<Answer> {
    return service.post('/api/process/start', {
      processKey: 'parcel',
      correlationId,
      variables: { mode, ...more },
    });
  }

  it('returns an error with its code for an uncaught business error', async () => {
    const answer = await start('uncaught', 'business-error');
    expect([answer.status, answer.body]).toEqual([
      500,
      expect.objectContaining({ status: 'error', error: 'Too heavy', errorCode: 'TOO_HEAVY' }),
    ]);
    expect((await service.trail('uncaught')).at(-1)).toMatchObject({
      step_name: 'work',
      status: 'error',
      http_status_code: 400,
    });
  });

  it('returns an error for an uncaught invalid input of a step', async () => {
    const answer = await start('invalid', 'dance');
    expect([answer.status, answer.body.errorCode]).toEqual([500, 'VALIDATION_ERROR']);
    expect((await service.trail('invalid')).at(-1)).toMatchObject({ http_status_code: 422, status: 'error' });
  });

  it('returns INCIDENT at once if a step fails finally, and a completion can still replace it', async () => {
    const answer = await start('fatal', 'fatal');
    expect([answer.status, answer.body]).toEqual([
      500,
      expect.objectContaining({
        errorCode: 'INCIDENT',
        error: expect.stringContaining('The scale is broken'),
      }),
    ]);
    const repaired = await service.post('/api/process/complete', {
      correlationId: 'fatal',
      status: 'ok',
      data: 'repaired',
    });
    expect(repaired.body).toEqual({ received: true });
    expect((await service.status('fatal')).body).toMatchObject({
      status: 'ok',
      data: 'repaired',
      errorCode: null,
    });
  });

  it('keeps the first of two different outcomes of a handler, and still completes its task', async () => {
    const answer = await start('twice', 'complete-twice');
    expect(answer.status).toBe(200);
    await eventually(
      async () => (await service.trail('twice')).length,
      (rows) => rows === 3,
    );
    expect(witness.completions.slice(-3).map(({ kind }) => kind)).toEqual(['stored', 'duplicate', 'refused']);
    expect((await service.trail('twice')).map(({ step_name, status }) => [step_name, status])).toEqual(
      expect.arrayContaining([
        ['start', 'ok'],
        ['complete', 'error'],
        ['work', 'ok'],
      ]),
    );
  });

  it('passes variables of every type to a handler as the client sent them', async () => {
    const variables = {
      text: 'ü🙂 "quoted"',
      novel: 'x'.repeat(5_000),
      small: -7,
      large: 2 ** 52,
      half: -0.25,
      yes: true,
      nothing: null,
      list: [1, 'two', { three: [] }],
      object: { 'a.b': { c: null } },
    };
    const answer = await start('kinds', 'echo', variables);
    expect(answer.body.data).toMatchObject({ mode: 'echo', ...variables, correlationId: 'kinds' });
  });

  it('reads a date through the schema of the step', async () => {
    await start('dated', 'complete', { due: '2026-01-31T10:00:00.000Z' });
    expect(witness.inputs.at(-1)?.due).toEqual(new Date('2026-01-31T10:00:00.000Z'));
  });

  it('does not let a foreign instance with the same business key complete the process', async () => {
    const held = start('mine', 'hold');
    await eventually(
      () => witness.running.has('mine'),
      (running) => running,
    );
    const engine = (await service.get('/health')).body.details as { engine: { baseUrl: string } };
    const stranger = await fetch(`${engine.engine.baseUrl}/process-definition/key/parcel/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        businessKey: 'mine',
        variables: { mode: { value: 'complete', type: 'String' } },
      }),
    });
    expect(stranger.status).toBe(200);
    await eventually(
      () => witness.completions.at(-1),
      (end) => end?.kind === 'refused',
    );
    expect((await service.status('mine')).status).toBe(202);
    witness.release();
    const answer = await held;
    expect([answer.status, answer.body.data]).toEqual([200, { done: 'mine' }]);
  });

  it('returns a process that was started directly in the engine after its completion', async () => {
    const engine = (await service.get('/health')).body.details as { engine: { baseUrl: string } };
    await fetch(`${engine.engine.baseUrl}/process-definition/key/parcel/start`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        businessKey: 'direct',
        variables: { mode: { value: 'complete', type: 'String' } },
      }),
    });
    const status = await eventually(
      () => service.status('direct'),
      (answer) => answer.status !== 404,
    );
    expect([status.status, status.body.processKey]).toEqual([200, 'parcel']);
  });
});
