import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import { EngineUnreachableError } from '../../camunda-engine/index.js';
import { until } from '../../common/testing/until.js';

const AWAY = new EngineUnreachableError(
  { method: 'DELETE', path: '/process-instance/instance-1' },
  'refused',
);

describe('ProcessCancelService', () => {
  let harness: ProcessHarness;

  beforeEach(async () => {
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '0' });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await harness.close();
  });

  async function running(correlationId: string): Promise<void> {
    const variables = { userId: 'u' };
    await harness.start({ processKey: 'test', correlationId, variables }, () => undefined);
    while ((await harness.store.get(correlationId))?.processInstanceId === null)
      await new Promise(setImmediate);
  }

  it('deletes the instance, ends the row and wakes the waiters', async () => {
    await running('a');
    const wait = harness.waitroom.createWait('a', 60_000);
    const answer = await harness.cancel('a', 'changed my mind');
    expect([answer.httpStatus, answer.headers['process-status'], JSON.parse(answer.body)]).toEqual([
      200,
      'error',
      expect.objectContaining({ status: 'error', errorCode: 'CANCELLED', error: 'changed my mind' }),
    ]);
    expect(harness.engine.deleted).toEqual(['instance-1']);
    expect(await wait.ended).toMatchObject({ kind: 'completed', payload: { errorCode: 'CANCELLED' } });
  });

  it('commits the request before it calls the engine', async () => {
    await running('a');
    const seen: unknown[] = [];
    jest.spyOn(harness.engine, 'deleteProcessInstance').mockImplementation(async () => {
      const [row] = await harness.store.table.findByIds(['a']);
      seen.push(row?.cancelRequestedAt, row?.status);
      return 'gone';
    });
    await harness.cancel('a');
    expect(seen).toEqual([expect.any(Date), 'pending']);
  });

  it("answers 202 while the engine is away, and the reconciler cancels with the client's reason", async () => {
    await running('a');
    harness.engine.failure = AWAY;
    const answer = await harness.cancel('a', 'too slow');
    expect([answer.httpStatus, JSON.parse(answer.body)]).toEqual([
      202,
      expect.objectContaining({ status: 'pending' }),
    ]);
    harness.engine.failure = null;
    await until(async () => {
      harness.reconciler.requestRound();
      return (await harness.store.get('a'))?.status !== 'pending';
    });
    expect(await harness.store.get('a')).toMatchObject({ errorCode: 'CANCELLED', error: 'too slow' });
    expect(harness.engine.deleted).toEqual(['instance-1']);
  });

  it('answers 202 for an incident too while the engine is away', async () => {
    await running('a');
    const record = await harness.store.get('a');
    await harness.store.save(record!, {
      outcome: { origin: 'incident', status: 'error', error: 'stuck', errorCode: 'INCIDENT' },
    });
    harness.engine.failure = AWAY;
    expect((await harness.cancel('a')).httpStatus).toBe(202);
  });

  it('returns the same result when repeated', async () => {
    await running('a');
    await harness.cancel('a', 'first');
    await expect(harness.cancel('a', 'second')).resolves.toMatchObject({ httpStatus: 200 });
    expect(await harness.store.get('a')).toMatchObject({ error: 'first' });
  });

  it('refuses an ended process with its status URL', async () => {
    await running('a');
    await harness.completions.complete({ correlationId: 'a', status: 'ok' });
    await expect(harness.cancel('a')).rejects.toMatchObject({
      code: 'process-ended',
      status: 409,
      facts: { members: { processStatus: 'ok', statusUrl: '/api/process/status/a' } },
    });
    expect(harness.engine.deleted).toEqual([]);
  });

  it('answers 409 after an earlier completion, whose outcome stays', async () => {
    await running('a');
    jest.spyOn(harness.engine, 'deleteProcessInstance').mockImplementation(async () => {
      await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
      return 'gone';
    });
    await expect(harness.cancel('a')).rejects.toMatchObject({ code: 'process-ended' });
    expect(await harness.store.get('a')).toMatchObject({ status: 'ok', data: '1' });
  });

  it('answers 404 for an unknown id', async () => {
    await expect(harness.cancel('nobody')).rejects.toMatchObject({ code: 'unknown-process' });
  });

  it('deletes the instance of a start that is in flight', async () => {
    let answerStart = (): void => undefined;
    harness.engine.answerStart = () =>
      new Promise((resolve) => {
        answerStart = () => {
          resolve({ id: 'instance-1' });
        };
      });
    const variables = { userId: 'u' };
    const started = harness.start({ processKey: 'test', correlationId: 'a', variables }, () => undefined);
    while (harness.engine.starts.length === 0) await new Promise(setImmediate);
    const cancelled = harness.cancel('a');
    while ((await harness.store.get('a'))?.cancelRequestedAt === null) await new Promise(setImmediate);
    answerStart();
    expect((await cancelled).httpStatus).toBe(200);
    while (!harness.engine.deleted.includes('instance-1')) await new Promise(setImmediate);
    await started;
    expect(await harness.store.get('a')).toMatchObject({ errorCode: 'CANCELLED' });
  });

  it('fails in time while the store takes no writes, and is carried out later', async () => {
    await running('a');
    const release = await harness.holdDatabase({ writeWaitMs: 50 });
    await expect(harness.cancel('a')).rejects.toMatchObject({ unconfirmed: { correlationId: 'a' } });
    release();
    while ((await harness.store.get('a'))?.status === 'pending') await new Promise(setImmediate);
    expect(await harness.store.get('a')).toMatchObject({ status: 'error', errorCode: 'CANCELLED' });
    expect(harness.engine.deleted).toEqual(['instance-1']);
  });
});
