import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';

describe('ProcessOutcomeListener', () => {
  let harness: ProcessHarness;

  beforeAll(async () => {
    harness = await ProcessHarness.open();
  });

  afterAll(async () => {
    await harness.close();
  });

  function facts(correlationId: string, traceabilityId: string | null = `trace-${correlationId}`) {
    return {
      correlationId,
      processInstanceId: 'instance',
      processDefinitionKey: 'test',
      traceabilityId,
      taskId: 'task',
      stepName: 'first',
      step: 1,
    };
  }

  async function outcome(correlationId: string): Promise<unknown> {
    const record = await harness.store.get(correlationId);
    return record === null ? null : [record.status, record.error, record.errorCode, record.outcomeStep];
  }

  it('turns an incident into an open error and wakes the waiters', async () => {
    await harness.claim('incident');
    const wait = harness.waitroom.createWait('incident', 5_000);
    await harness.listener.incident({ ...facts('incident'), error: 'always 500' });
    await expect(wait.ended).resolves.toMatchObject({
      kind: 'completed',
      payload: { errorCode: 'INCIDENT' },
    });
    expect(await outcome('incident')).toEqual(['error', 'always 500', 'INCIDENT', 'first']);
  });

  it('replaces an incident by an unhandled BPMN error, but no other outcome by an incident', async () => {
    await harness.claim('unhandled');
    await harness.listener.incident({ ...facts('unhandled'), error: 'first' });
    await harness.listener.unhandledBpmnError({
      ...facts('unhandled'),
      errorCode: 'TOO_HEAVY',
      errorMessage: 'Too heavy',
    });
    expect(await outcome('unhandled')).toEqual(['error', 'Too heavy', 'TOO_HEAVY', 'first']);
    await harness.listener.incident({ ...facts('unhandled'), error: 'late' });
    expect(await outcome('unhandled')).toEqual(['error', 'Too heavy', 'TOO_HEAVY', 'first']);
  });

  it('stores a BPMN error with a reserved code under a code of the process', async () => {
    await harness.claim('code');
    await harness.listener.unhandledBpmnError({
      ...facts('code'),
      errorCode: 'INCIDENT',
      errorMessage: 'says so',
    });
    expect(await outcome('code')).toEqual(['error', 'says so', 'PROCESS_INCIDENT', 'first']);
    await harness.completions.complete({ correlationId: 'code', status: 'ok', data: 'other' });
    expect(await outcome('code')).toEqual(['error', 'says so', 'PROCESS_INCIDENT', 'first']);
  });

  it('does not change a final outcome', async () => {
    await harness.claim('final');
    await harness.completions.complete({ correlationId: 'final', status: 'ok', data: 1 });
    await harness.listener.unhandledBpmnError({ ...facts('final'), errorCode: 'X', errorMessage: 'x' });
    expect(await outcome('final')).toEqual(['ok', null, null, null]);
  });

  it('ignores an instance that is not ours, and an unknown id', async () => {
    await harness.claim('ours');
    await harness.listener.incident({ ...facts('ours', 'foreign'), error: 'not ours' });
    expect(await outcome('ours')).toEqual(['pending', null, null, null]);
    await harness.listener.incident({ ...facts('nobody'), error: 'unknown' });
    expect(await outcome('nobody')).toBeNull();
  });
});
