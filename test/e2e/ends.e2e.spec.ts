import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ENGINE_ENDPOINT, type EngineEndpoint } from '../../src/camunda-engine/index.js';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { type Answer, eventually, RunningService } from '../support/service.js';

describe('unreported ends', () => {
  const { process: parcel, witness } = parcelProcess();
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({}, [parcel]);
  });

  afterAll(async () => {
    witness.release();
    await service.destroy();
  });

  const start = (correlationId: string, mode: string): Promise<Answer> =>
    service.post('/api/process/start', { processKey: 'parcel', correlationId, variables: { mode } });

  it('reach the waiters: a deleted instance, and an instance that ended without a completion', async () => {
    const answers = [start('deleted', 'hold'), start('silent', 'silent')];
    await eventually(
      () => witness.running.has('deleted'),
      (running) => running,
    );
    const { baseUrl } = service.app.get<EngineEndpoint>(ENGINE_ENDPOINT, { strict: false });
    const found = await fetch(`${baseUrl}/process-instance?businessKey=deleted`);
    const [instance] = (await found.json()) as { id: string }[];
    const removed = await fetch(`${baseUrl}/process-instance/${instance?.id ?? ''}`, { method: 'DELETE' });
    expect(removed.status).toBe(204);
    const [deleted, silent] = await Promise.all(answers);
    expect([deleted?.status, deleted?.body.errorCode]).toEqual([500, 'CANCELLED']);
    expect([silent?.status, silent?.body.status]).toEqual([200, 'ok']);
    expect(silent?.body.data).toMatchObject({ mode: 'silent' });
    // Its result is final: a completion after the grace comes too late.
    const late = await service.post('/api/process/complete', {
      correlationId: 'silent',
      status: 'ok',
      data: 'late',
    });
    expect(late.status).toBe(409);
    expect((await service.status('silent')).body.data).toEqual(silent?.body.data);
  });
});

describe('a process whose steps run here and whose result comes from the engine', () => {
  const { process: parcel, witness } = parcelProcess();
  const definition = {
    ...parcel.definition,
    result: z.object({ mode: z.string(), weight: z.number().default(1) }),
  };
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({}, [{ ...parcel, definition }]);
  });

  afterAll(async () => {
    witness.release();
    await service.destroy();
  });

  const start = (correlationId: string, mode: string): Promise<Answer> =>
    service.post('/api/process/start', { processKey: 'parcel', correlationId, variables: { mode } });

  it('answers with the variables that the definition names, and writes each step once', async () => {
    const { status, body } = await start('from-engine', 'silent');
    expect([status, body.data]).toEqual([200, { mode: 'silent', weight: 1 }]);
    const names = (await service.wholeTrail('from-engine', 3)).map((row) => row.step_name);
    expect(names).toEqual(['start', 'work', 'end']);
  });

  it('answers with the code of a BPMN error that its step threw and nothing caught', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => start(`uncaught-here-${n}`, 'business-error')),
    );
    expect(answers.map(({ body }) => [body.errorCode, body.error])).toEqual(
      answers.map(() => ['TOO_HEAVY', 'Too heavy']),
    );
  });

  it('still accepts a completion of a step that comes first', async () => {
    const { status, body } = await start('completed-here', 'complete');
    expect([status, body.data]).toEqual([200, { done: 'completed-here' }]);
  });
});
