import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { probeEvent, ProcessHarness } from '../../../test/support/process.harness.js';
import { FatalTaskError } from '../../camunda-worker/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { serviceOutcome } from '../outcome/outcome.factory.js';
import type { CompletingTask, CompletionResult } from './process-completion.service.js';

describe('ProcessCompletionService', () => {
  let harness: ProcessHarness;

  beforeAll(async () => {
    harness = await ProcessHarness.open();
  });

  afterAll(async () => {
    await harness.close();
  });

  function taskOf(correlationId: string, instance = `instance-${correlationId}`): CompletingTask {
    return {
      processInstanceId: instance,
      processDefinitionKey: 'test',
      traceabilityId: `trace-${correlationId}`,
      topic: 'test.last',
    };
  }

  function complete(correlationId: string, data: unknown, task?: CompletingTask): Promise<CompletionResult> {
    return harness.completions.complete({
      correlationId,
      status: 'ok',
      data,
      ...(task === undefined ? {} : { task }),
    });
  }

  async function trail(correlationId: string): Promise<string[]> {
    const events = await harness.events.findEvents(correlationId);
    return events.map(({ stepName, status }) => `${stepName} ${status}`);
  }

  it('stores the outcome with its step before it wakes the waiters', async () => {
    await harness.claim('stores');
    const seen: (ProcessRecord | null)[] = [];
    const wake = jest.spyOn(harness.waitroom, 'completeWait').mockImplementation((id) => {
      void harness.store.get(id).then((record) => seen.push(record));
      return 0;
    });
    const end = await complete('stores', { n: 1 }, taskOf('stores'));
    wake.mockRestore();
    expect(end).toMatchObject({
      kind: 'stored',
      record: { status: 'ok', data: '{"n":1}', outcomeStep: 'last', processInstanceId: 'instance-stores' },
    });
    expect(seen).toEqual([expect.objectContaining({ status: 'ok' })]);
  });

  it.each([
    [{ found: new Map([['a', 1]]) }, /"data\.found" it is a Map/],
    [{ ratio: [NaN] }, /"data\.ratio\.0" it is NaN/],
    [9_007_199_254_740_993n, /"data" it is a bigint/],
    [() => 1, /"data" it is a function/],
  ])('refuses %p, which JSON cannot represent, and stores nothing', async (data, message) => {
    await harness.claim('unsayable');
    const failed = complete('unsayable', data, taskOf('unsayable'));
    await expect(failed).rejects.toThrow(FatalTaskError);
    await expect(failed).rejects.toThrow(message);
    expect(await harness.store.get('unsayable')).toMatchObject({ status: 'pending' });
  });

  it('accepts an error without message and code, and a result without data', async () => {
    const error = await harness.completions.complete({ correlationId: 'bare-error', status: 'error' });
    expect(error).toMatchObject({
      record: { status: 'error', error: 'The process ended in error.', errorCode: null },
    });
    const ok = await complete('bare-ok', undefined);
    expect(ok).toMatchObject({ record: { status: 'ok', data: 'null' } });
    expect(await complete('bare-ok', null)).toMatchObject({ kind: 'duplicate' });
  });

  it('compares outcomes by their JSON value, and keeps the first text', async () => {
    await complete('same', { a: 1, b: [2] });
    expect(await complete('same', { b: [2], a: 1 })).toMatchObject({
      kind: 'duplicate',
      record: { data: '{"a":1,"b":[2]}', version: 1 },
    });
    expect(await complete('same', { b: [2], a: 2 })).toMatchObject({
      kind: 'refused',
      reason: 'other-outcome',
    });
    expect(await trail('same')).toEqual(['complete ok', 'complete error']);
  });

  it('recognises a repeated error whose text was changed to fit the column', async () => {
    const say = (): Promise<CompletionResult> =>
      harness.completions.complete({ correlationId: 'nul', status: 'error', error: 'a\u0000b' });
    expect((await say()).kind).toBe('stored');
    expect((await say()).kind).toBe('duplicate');
  });

  it('distinguishes error outcomes by message and code', async () => {
    const say = (error: string, errorCode: string): Promise<CompletionResult> =>
      harness.completions.complete({ correlationId: 'errors', status: 'error', error, errorCode });
    expect((await say('no', 'NO')).kind).toBe('stored');
    expect((await say('no', 'NO')).kind).toBe('duplicate');
    expect((await say('no', 'OTHER')).kind).toBe('refused');
    expect((await say('never', 'NO')).kind).toBe('refused');
  });

  it.each(['incident', 'no-result'] as const)('replaces the open outcome of origin %s', async (origin) => {
    const id = `open-${origin}`;
    const record = await harness.claim(id);
    await harness.store.save(record, {
      outcome: serviceOutcome(origin, 'stands'),
    });
    expect(await complete(id, 'repaired', taskOf(id))).toMatchObject({
      kind: 'stored',
      record: { status: 'ok', errorCode: null },
    });
  });

  it('refuses a task with another traceability id, before and after the outcome', async () => {
    await harness.claim('stranger');
    const foreign = { ...taskOf('stranger'), traceabilityId: 'foreign' };
    expect(await complete('stranger', 1, foreign)).toMatchObject({
      kind: 'refused',
      reason: 'other-instance',
    });
    expect(await complete('stranger', 1, { ...foreign, traceabilityId: null })).toMatchObject({
      kind: 'refused',
    });
    expect((await harness.store.get('stranger'))?.status).toBe('pending');
    await complete('stranger', 1, taskOf('stranger'));
    expect(await complete('stranger', 1, foreign)).toMatchObject({
      kind: 'refused',
      reason: 'other-instance',
    });
    expect(await trail('stranger')).toEqual(['complete error', 'complete error', 'complete error']);
  });

  it("refuses a surplus instance of ours, and accepts an instance that the row's instance has called", async () => {
    const claim = await harness.claim('surplus');
    await harness.store.noteStarted(claim, 'instance-surplus');
    expect(await complete('surplus', 1, taskOf('surplus', 'unknown'))).toMatchObject({ kind: 'refused' });
    harness.engine.historic.set('second', { rootProcessInstanceId: 'second' });
    expect(await complete('surplus', 1, taskOf('surplus', 'second'))).toMatchObject({ kind: 'refused' });
    harness.engine.historic.set('called', { rootProcessInstanceId: 'instance-surplus' });
    expect(await complete('surplus', 1, taskOf('surplus', 'called'))).toMatchObject({
      kind: 'stored',
      record: { processInstanceId: 'instance-surplus' },
    });
  });

  it('does not check a completion by HTTP, nor a row that was not claimed here', async () => {
    await harness.claim('by-http');
    expect((await complete('by-http', 1)).kind).toBe('stored');
    await complete('elsewhere', 1, taskOf('elsewhere'));
    expect(await complete('elsewhere', 1, { ...taskOf('elsewhere'), traceabilityId: null })).toMatchObject({
      kind: 'duplicate',
    });
  });

  it('decides again if another writer was faster', async () => {
    await harness.claim('race');
    const ends = await Promise.all([1, 2, 2, 3].map((n) => complete('race', n, taskOf('race'))));
    expect(ends.map(({ kind }) => kind)).toEqual(['stored', 'refused', 'refused', 'refused']);
    const inserted = await Promise.all([1, 1, 2].map((n) => complete('race-unknown', n)));
    expect(inserted.map(({ kind }) => kind)).toEqual(['stored', 'duplicate', 'refused']);
  });

  it('refuses an unknown id by HTTP if COMPLETE_UNKNOWN is refuse, but not from a handler', async () => {
    const strict = await ProcessHarness.open({ COMPLETE_UNKNOWN: 'refuse' });
    try {
      expect(await strict.completions.complete({ correlationId: 'x', status: 'ok' })).toEqual({
        kind: 'unknown',
      });
      expect(
        await strict.completions.complete({ correlationId: 'x', status: 'ok', task: taskOf('x') }),
      ).toMatchObject({ kind: 'stored', record: { processKey: 'test' } });
    } finally {
      await strict.close();
    }
  });

  it('fails for a client in time while the store takes no writes, and lets a handler wait', async () => {
    await harness.claim('late-by-http');
    await harness.claim('late-by-handler');
    const release = await harness.holdDatabase({ writeWaitMs: 50 });
    const handled = complete('late-by-handler', undefined, taskOf('late-by-handler'));
    const byHttp = { correlationId: 'late-by-http', status: 'ok' } as const;
    await expect(harness.completions.complete(byHttp)).rejects.toMatchObject({
      unconfirmed: { correlationId: 'late-by-http' },
    });
    release();
    expect(await handled).toMatchObject({ kind: 'stored' });
    expect(await harness.completions.complete(byHttp)).toMatchObject({ kind: 'duplicate' });
  });

  it('lets a handler wait while the queue is full, and a client use the headroom', async () => {
    const away = await ProcessHarness.open({ WRITE_QUEUE_MAX_BYTES: '65536' });
    try {
      await away.claim('by-handler');
      const release = await away.holdDatabase({ writeWaitMs: 50 });
      const fill = (correlationId: string): Promise<CompletionResult> =>
        away.completions.complete({ correlationId, status: 'ok', data: 'x'.repeat(60_000) });
      await expect(fill('filler-1')).rejects.toMatchObject({ unconfirmed: {} });
      await expect(fill('filler-2')).rejects.toMatchObject({ unconfirmed: {} });
      const handled = away.completions.complete({
        correlationId: 'by-handler',
        status: 'ok',
        task: taskOf('by-handler'),
      });
      await expect(away.events.logEvent(probeEvent())).rejects.toMatchObject({ name: 'WriteQueueFullError' });
      release();
      expect(await handled).toMatchObject({ kind: 'stored' });
    } finally {
      await away.close();
    }
  });
});
