import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import type { Outcome, ProcessRecord } from '../../process-store/index.js';
import type { OutcomeWriter } from './outcome.writer.js';

const OUTCOME: Outcome = { origin: 'step', status: 'ok', data: '1' };
const EVENT = { stepName: 'end', status: 'ok', result: 'Ended' } as const;

describe('OutcomeWriter', () => {
  let harness: ProcessHarness;
  let outcomes: OutcomeWriter;

  beforeEach(async () => {
    harness = await ProcessHarness.open();
    outcomes = harness.outcomes;
  });

  afterEach(async () => {
    await harness.close();
  });

  const eventsOf = async (correlationId: string) =>
    (await harness.events.findEvents(correlationId)).map(({ stepName, result }) => [stepName, result]);

  it('commits the outcome before it wakes the waiters, and then writes the event', async () => {
    await harness.claim('a');
    const wait = harness.waitroom.createWait<ProcessRecord>('a', 60_000);
    const committed: (string | undefined)[] = [];
    const wake = jest.spyOn(harness.waitroom, 'completeWait');
    wake.mockImplementationOnce((id, record) => {
      committed.push(harness.committedStatus(id));
      wake.mockRestore();
      return harness.waitroom.completeWait(id, record);
    });
    const result = await outcomes.write(
      'a',
      () => ({ change: { outcome: OUTCOME } }),
      () => EVENT,
    );
    expect(result).toMatchObject({ kind: 'saved', record: { status: 'ok', data: '1' } });
    expect(committed).toEqual(['ok']);
    expect(await wait.ended).toMatchObject({ kind: 'completed', payload: { status: 'ok' } });
    expect(await eventsOf('a')).toEqual([['end', 'Ended']]);
  });

  it('writes no event for an outcome whose step has a row of its own', async () => {
    await harness.claim('a');
    await outcomes.write('a', () => ({ change: { outcome: OUTCOME } }), 'step');
    expect(await eventsOf('a')).toEqual([]);
  });

  it('changes nothing and wakes no waiter if the decision refuses', async () => {
    await harness.claim('a');
    const wake = jest.spyOn(harness.waitroom, 'completeWait');
    const result = await outcomes.write(
      'a',
      () => ({ refuse: 'no' as const }),
      () => EVENT,
    );
    expect(result).toMatchObject({ kind: 'refused', reason: 'no', record: { status: 'pending' } });
    expect(wake).not.toHaveBeenCalled();
    expect(await eventsOf('a')).toEqual([]);
  });

  it('decides again on the row of a faster writer', async () => {
    const seen: string[] = [];
    await harness.claim('a');
    const result = await outcomes.write(
      'a',
      async (record) => {
        seen.push(record.status);
        if (seen.length === 1) await outcomes.write('a', () => ({ change: { outcome: OUTCOME } }), 'step');
        return record.status === 'pending' ? { change: { outcome: OUTCOME } } : { refuse: 'late' };
      },
      () => EVENT,
    );
    expect(result).toMatchObject({ kind: 'refused', reason: 'late', record: { status: 'ok' } });
    expect(seen).toEqual(['pending', 'ok']);
    expect(await eventsOf('a')).toEqual([]);
  });

  it('reports an unknown id, unless it may insert the row', async () => {
    const decide = () => ({ refuse: 'exists' });
    expect(await outcomes.write('a', decide, () => EVENT)).toEqual({ kind: 'unknown' });
    const insert = { correlationId: 'a', outcome: OUTCOME };
    expect(await outcomes.write('a', decide, () => EVENT, { insert })).toMatchObject({ kind: 'saved' });
    expect(await outcomes.write('a', decide, () => EVENT, { insert })).toMatchObject({ kind: 'refused' });
    expect(await eventsOf('a')).toEqual([['end', 'Ended']]);
  });
});
