import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProcessSweepService } from '../../src/process/reconcile/process-sweep.service.js';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { eventually, RunningService } from '../support/service.js';

describe('a step that chooses an error code of the service', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-'));
  let parcel = parcelProcess();
  let service: RunningService;

  const boot = async (): Promise<void> => {
    parcel = parcelProcess();
    service = await RunningService.start({ DATA_DIR: dataDir, SYNC_TIMEOUT_MS: '50000' }, [parcel.process]);
  };

  beforeAll(boot);

  afterAll(async () => {
    parcel.witness.release();
    await service.destroy();
  });

  const start = (correlationId: string, variables: Record<string, unknown>) =>
    service.post('/api/process/start', { processKey: 'parcel', correlationId, variables });

  it('keeps its running instance and its outcome after a restart and a sweep', async () => {
    const codes = ['CANCELLED', 'EXPIRED', 'START_REJECTED', 'not today'];
    const stored = ['PROCESS_CANCELLED', 'PROCESS_EXPIRED', 'PROCESS_START_REJECTED', 'NOT_TODAY'];
    const ids = codes.map((_code, index) => `chosen-${index}`);
    const answers = await Promise.all(
      codes.map((code, index) => start(ids[index]!, { mode: 'error-and-hold', code })),
    );
    expect(answers.map(({ status, body }) => [status, body.errorCode])).toEqual(
      stored.map((code) => [500, code]),
    );
    await service.stop();
    await boot();
    await eventually(
      () => parcel.witness.completions.length,
      (completions) => completions === codes.length,
    );
    await service.app.get(ProcessSweepService, { strict: false }).sweepNow();
    expect(await Promise.all(ids.map((id) => service.countRunning(id)))).toEqual(ids.map(() => 1));
    // The step runs again after the restart, with the same error.
    expect(parcel.witness.completions.map(({ kind }) => kind)).toEqual(ids.map(() => 'duplicate'));
    parcel.witness.release();
    await eventually(
      () => Promise.all(ids.map((id) => service.countRunning(id))),
      (running) => running.every((count) => count === 0),
    );
    const views = await Promise.all(ids.map((id) => service.status(id)));
    expect(views.map(({ body }) => [body.errorCode, body.error])).toEqual(
      stored.map((code) => [code, 'Not today']),
    );
  });

  it('ends its process finally with an uncaught BPMN error INCIDENT', async () => {
    const ended = await start('thrown', { mode: 'business-error', code: 'INCIDENT' });
    expect([ended.status, ended.body.errorCode]).toEqual([500, 'PROCESS_INCIDENT']);
    const other = { correlationId: 'thrown', status: 'ok', data: 'other' };
    expect((await service.post('/api/process/complete', other)).status).toBe(409);
    expect((await service.status('thrown')).body).toMatchObject({ errorCode: 'PROCESS_INCIDENT' });
    const [row] = await service.rows(
      'SELECT outcome_origin FROM process_store WHERE correlation_id = ?',
      'thrown',
    );
    expect(row).toEqual({ outcome_origin: 'bpmn-error' });
  });
});
