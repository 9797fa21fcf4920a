import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import { EngineAmbiguousError, EngineUnreachableError } from '../../camunda-engine/index.js';
import { until } from '../../common/testing/until.js';
import { WorkLease } from '../../work-lease/index.js';
import type { ProcessRecord } from '../../process-store/index.js';

const CALL = { method: 'GET', path: '/history/process-instance' };
const AWAY = new EngineUnreachableError(CALL, 'refused');

/** An element directly in its process. */
const activity = (activityId: string, activityType: string, activityName: string | null = null) => ({
  id: `${activityId}:1`,
  activityId,
  activityType,
  activityName,
});

const NO_VARIABLES =
  'The history of the process engine has no variables of it: its history level is below "audit", or its history was ' +
  'removed before it was read.';

describe('ends that no step reports', () => {
  let harness: ProcessHarness;
  /** What the services add to the time that goes by: graces are waited for by moving the clock. */
  let ahead = 0;

  beforeEach(async () => {
    ahead = 0;
    const wallTime = Date.now.bind(Date);
    const monotonicTime = performance.now.bind(performance);
    jest.spyOn(Date, 'now').mockImplementation(() => wallTime() + ahead);
    jest.spyOn(performance, 'now').mockImplementation(() => monotonicTime() + ahead);
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '0' });
  });

  afterEach(async () => {
    await harness.close();
    jest.restoreAllMocks();
  });

  /** Starts a process whose instance runs. */
  async function running(correlationId: string): Promise<ProcessRecord> {
    const variables = { userId: 'u' };
    await harness.start({ processKey: 'test', correlationId, variables }, () => undefined);
    return stored(correlationId, ({ processInstanceId }) => processInstanceId !== null);
  }

  async function stored(
    correlationId: string,
    condition: (record: ProcessRecord) => boolean,
  ): Promise<ProcessRecord> {
    let record: ProcessRecord | null = null;
    await until(async () => {
      record = await harness.store.get(correlationId);
      return record !== null && condition(record);
    });
    return record!;
  }

  const endOf = async (correlationId: string): Promise<unknown> => {
    const [record] = await harness.store.table.findByIds([correlationId]);
    return record?.errorCode ?? record?.status;
  };

  it('ends a process after the grace period of its ended instance, and wakes the waiters', async () => {
    const { processInstanceId } = await running('a');
    harness.engine.endInstance(processInstanceId!, 'COMPLETED');
    const wait = harness.waitroom.createWait<ProcessRecord>('a', 60_000);
    await harness.watcher.watchNow();
    expect(await endOf('a')).toBe('pending');
    ahead = 5_001;
    await harness.watcher.watchNow();
    expect(await wait.ended).toMatchObject({
      kind: 'completed',
      payload: { status: 'error', errorCode: 'ENDED_WITHOUT_RESULT' },
    });
  });

  it.each([
    [[activity('End', 'noneEndEvent', 'Rejected')], 'at the end event "Rejected" (End) '],
    [
      [activity('B', 'noneEndEvent'), activity('A', 'terminateEndEvent'), activity('T', 'serviceTask')],
      'at the end events "B" and "A" ',
    ],
    [[activity('T', 'serviceTask')], 'behind "T" '],
    [[{ ...activity('Inner', 'noneEndEvent'), parentActivityInstanceId: 'Sub:1' }], ''],
    [[], ''],
  ])('names the end event of an instance without a result: %#', async (latest, place) => {
    const { processInstanceId } = await running('a');
    harness.engine.latestActivities = latest;
    harness.engine.endInstance(processInstanceId!, 'COMPLETED');
    await harness.watcher.watchNow();
    ahead = 5_001;
    await harness.watcher.watchNow();
    expect((await harness.store.get('a'))?.error).toBe(
      `The process instance has ended ${place}without a result. ${NO_VARIABLES}`,
    );
  });

  it.each([
    ['failedJob', /^The process engine cannot go on in "test" at "T": No outgoing sequence flow/],
    ['failedExternalTask', /^ENGINE-02004 No outgoing/],
  ])('names the element of an incident of type %s', async (type, sentence) => {
    const { processInstanceId } = await running('a');
    harness.engine.incidents.push({
      id: 'incident',
      processInstanceId: processInstanceId!,
      processDefinitionId: 'test:1:1',
      incidentType: type,
      activityId: 'Pause',
      incidentMessage: "ENGINE-02004 No outgoing sequence flow for the element with id 'T' could be selected",
      incidentTimestamp: new Date().toISOString(),
    });
    await harness.watcher.watchNow();
    expect((await harness.store.get('a'))?.error).toMatch(sentence);
  });

  it('does not change a process that gets an outcome within the grace period', async () => {
    const { processInstanceId } = await running('a');
    harness.engine.endInstance(processInstanceId!, 'COMPLETED');
    await harness.watcher.watchNow();
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    ahead = 5_001;
    await harness.watcher.watchNow();
    expect(await endOf('a')).toBe('ok');
  });

  it('writes CANCELLED at once for an instance that was deleted in the engine', async () => {
    const { processInstanceId } = await running('a');
    harness.engine.endInstance(processInstanceId!, 'EXTERNALLY_TERMINATED');
    await harness.watcher.watchNow();
    expect(await endOf('a')).toBe('CANCELLED');
  });

  it('writes an open outcome for an incident of the instance or of a called instance', async () => {
    const { processInstanceId } = await running('a');
    const { processInstanceId: other } = await running('b');
    harness.engine.historic.set('child', { rootProcessInstanceId: other! });
    const incident = { incidentMessage: 'no money', incidentTimestamp: '2026-01-01T00:00:00.000+0000' };
    harness.engine.incidents = [
      { id: 'i1', processInstanceId: processInstanceId!, ...incident },
      { id: 'i2', processInstanceId: 'child', ...incident },
    ];
    await harness.watcher.watchNow();
    expect([await endOf('a'), await endOf('b')]).toEqual(['INCIDENT', 'INCIDENT']);
    await harness.completions.complete({ correlationId: 'a', status: 'ok' });
    expect(await endOf('a')).toBe('ok');
  });

  it('does not query the engine while no process is open', async () => {
    await running('a');
    await harness.completions.complete({ correlationId: 'a', status: 'ok' });
    await harness.watcher.watchNow();
    harness.engine.queries.length = 0;
    await harness.watcher.watchNow();
    expect(harness.engine.queries).toEqual([]);
  });

  it('makes as many queries for ten thousand idle processes as for ten', async () => {
    const asked: string[][] = [];
    for (const [from, to] of [
      [0, 10],
      [10, 10_000],
    ] as const) {
      await Promise.all(
        Array.from({ length: to - from }, (_, index) => harness.claim(`idle-${from + index}`)),
      );
      harness.keys.add('test');
      await harness.watcher.watchNow();
      harness.engine.queries.length = 0;
      await harness.watcher.watchNow();
      asked.push(harness.engine.queries.filter((query) => query !== 'version'));
    }
    expect(asked[1]).toEqual(asked[0]);
  });

  it('finds an end after a failed query, even before the cursor', async () => {
    const { processInstanceId } = await running('a');
    const { processInstanceId: other } = await running('b');
    harness.engine.endInstance(other!, 'EXTERNALLY_TERMINATED', '2026-01-01T00:01:00.000Z');
    await harness.watcher.watchNow();
    expect(await endOf('b')).toBe('CANCELLED');
    // Thirty seconds behind what was seen already: found because the look before failed.
    harness.engine.endInstance(processInstanceId!, 'EXTERNALLY_TERMINATED', '2026-01-01T00:00:30.000Z');
    harness.engine.failure = AWAY;
    await harness.watcher.watchNow();
    harness.engine.failure = null;
    await harness.watcher.watchNow();
    expect(await endOf('a')).toBe('CANCELLED');
  });

  it('finds the end of a process whose key only another instance has started, even before the cursor', async () => {
    jest.spyOn(harness.store, 'isExclusive', 'get').mockReturnValue(false);
    const claimElsewhere = (correlationId: string, processKey: string): Promise<unknown> =>
      harness.claim(correlationId, { processKey, startOwner: 'another instance' });
    await running('first');
    const { processInstanceId } = await running('a');
    // All keys of this instance are known, and its cursor is placed.
    await harness.watcher.watchNow();
    const asked = jest.spyOn(harness.engine, 'findEndedInstances');
    await claimElsewhere('b', 'theirs');
    harness.engine.endInstance(processInstanceId!, 'EXTERNALLY_TERMINATED', '2026-01-01T00:01:00.000Z');
    await harness.watcher.watchNow();
    expect(asked.mock.lastCall?.[0]).toMatchObject({ processKeys: ['test', 'theirs'] });
    await claimElsewhere('c', 'more');
    await harness.watcher.watchNow();
    // A minute before the end that it has seen.
    expect(Date.parse(asked.mock.lastCall![0].finishedAfter)).toBe(Date.parse('2026-01-01T00:00:00.000Z'));
  });

  it('leaves the work to other instances if this one cannot reach the engine for long', async () => {
    await running('a');
    const leave = jest.spyOn(WorkLease.prototype, 'leave');
    harness.engine.failure = AWAY;
    for (let round = 1; round < 6; round += 1) await harness.watcher.watchNow();
    expect(leave).not.toHaveBeenCalled();
    await harness.watcher.watchNow();
    expect(leave).toHaveBeenCalledTimes(1);
  });

  it('finds what ends between a sweep and the first query after it', async () => {
    const [a, b] = [await running('a'), await running('b')];
    await harness.sweep.sweepNow();
    harness.engine.endInstance(a.processInstanceId!, 'EXTERNALLY_TERMINATED', '2026-01-01T00:00:00.000Z');
    harness.engine.endInstance(b.processInstanceId!, 'EXTERNALLY_TERMINATED', '2026-01-01T00:01:00.000Z');
    await harness.watcher.watchNow();
    expect([await endOf('a'), await endOf('b')]).toEqual(['CANCELLED', 'CANCELLED']);
  });

  it('settles the other ends if the history of one instance cannot be read, and reads that one later', async () => {
    const [first, second] = [await running('a'), await running('b')];
    harness.engine.keepsVariables = true;
    const find = jest.spyOn(harness.engine, 'findVariables').mockRejectedValueOnce(new Error('no JSON'));
    for (const { processInstanceId } of [first, second])
      harness.engine.endInstance(processInstanceId!, 'COMPLETED');
    await harness.watcher.watchNow();
    ahead = 5_001;
    await harness.watcher.watchNow();
    expect([await endOf('a'), await endOf('b')].sort()).toEqual(['ok', 'pending']);
    await harness.watcher.watchNow();
    expect([await endOf('a'), await endOf('b')]).toEqual(['ok', 'ok']);
    find.mockRestore();
  });

  describe.each([
    ['ends', 'findEndedInstances', 'finishedAfter', 'CANCELLED'],
    ['incidents', 'findIncidentsAfter', 'incidentTimestampAfter', 'INCIDENT'],
  ] as const)('%s of more than a page', (kind, query, filter, outcome) => {
    const START = Date.parse('2026-01-01T00:00:00.000Z');

    /**
     * Lets so many instances end, or have an incident, in this order, at their milliseconds; those at `places` are the
     * service's own. Answers what the own ones came to, and what the engine was asked with in one look.
     */
    async function look(
      count: number,
      places: readonly number[],
      msOf: (place: number) => number,
    ): Promise<{ outcomes: unknown[]; asked: { after: number; firstResult: number }[] }> {
      const own = new Map<number, string>();
      for (const place of places) own.set(place, (await running(`own-${place}`)).processInstanceId!);
      await harness.watcher.watchNow();
      const { engine } = harness;
      for (let place = 0; place < count; place += 1) {
        const id = own.get(place) ?? `stranger-${place}`;
        const time = new Date(START + msOf(place)).toISOString();
        if (kind === 'incidents') {
          const [incidentMessage, incidentTimestamp] = ['no', time];
          engine.incidents.push({
            id: `i${place}`,
            processInstanceId: id,
            incidentMessage,
            incidentTimestamp,
          });
          continue;
        }
        const instance = engine.instances.get(id);
        // Those of one time come in the order in which they stand there.
        engine.instances.delete(id);
        if (instance === undefined) engine.hold(id, { processKey: 'test', businessKey: id, variables: {} });
        else engine.instances.set(id, instance);
        engine.endInstance(id, 'EXTERNALLY_TERMINATED', time);
      }
      const asking = jest.spyOn(engine, query);
      await harness.watcher.watchNow();
      const outcomes = await Promise.all(places.map((place) => endOf(`own-${place}`)));
      const asked = asking.mock.calls.map(([page]) => ({
        after: Date.parse((page as unknown as Record<string, string>)[filter]!) - START,
        firstResult: page.firstResult,
      }));
      return { outcomes, asked };
    }

    /** The filter that has this millisecond and what follows. */
    const from = (ms: number): number => (kind === 'incidents' ? ms - 1 : ms);

    it('are queried from the last time of the previous page', async () => {
      const { outcomes, asked } = await look(1_100, [0, 499, 500, 998, 999, 1_099], (place) => place);
      expect(outcomes).toEqual(Array.from({ length: 6 }, () => outcome));
      expect(asked.slice(1)).toEqual([
        { after: from(499), firstResult: 0 },
        { after: from(998), firstResult: 0 },
      ]);
    });

    it('are all found if they share the time at which a page ends', async () => {
      const places = [497, 499, 500, 503, 504];
      const { outcomes } = await look(600, places, (place) => Math.floor(place / 7));
      expect(outcomes).toEqual(places.map(() => outcome));
    });

    it('are skipped only within a millisecond that fills pages', async () => {
      const places = [0, 10, 509, 1_309, 1_310, 1_509, 1_600];
      const { outcomes, asked } = await look(1_700, places, (place) =>
        place < 10 ? 0 : place < 1_310 ? 7 : place,
      );
      expect(outcomes).toEqual(places.map(() => outcome));
      expect(asked.slice(1)).toEqual([
        { after: from(7), firstResult: 0 },
        { after: from(7), firstResult: 500 },
        { after: from(7), firstResult: 1_000 },
        { after: from(1_509), firstResult: 0 },
      ]);
    });
  });

  it('finds in a sweep what ended before the cursor, and what the engine no longer has', async () => {
    const { processInstanceId } = await running('a');
    const { processInstanceId: forgotten } = await running('b');
    await running('c');
    harness.engine.endInstance(processInstanceId!, 'COMPLETED', '2020-01-01T00:00:00.000Z');
    harness.engine.instances.delete(forgotten!);
    await harness.sweep.sweepNow();
    ahead = 5_001;
    await harness.watcher.watchNow();
    expect([await endOf('a'), await endOf('b'), await endOf('c')]).toEqual([
      'ENDED_WITHOUT_RESULT',
      'ENDED_WITHOUT_RESULT',
      'pending',
    ]);
  });

  it('deletes surplus instances in a sweep, but none that is not ours', async () => {
    const { processInstanceId, traceabilityId } = await running('a');
    await running('b');
    const variables = { traceability_id: traceabilityId };
    harness.engine.hold('surplus', { processKey: 'test', businessKey: 'a', variables });
    harness.engine.hold('stranger', { processKey: 'test', businessKey: 'a', variables: {} });
    await harness.sweep.sweepNow();
    expect(harness.engine.deleted).toEqual(['surplus']);
    expect(harness.engine.instances.get(processInstanceId!)?.state).toBe('ACTIVE');
  });

  it.each(['CANCELLED', 'EXPIRED', 'START_REJECTED'])(
    'deletes no running instance of a process that a step has completed with the code %s',
    async (errorCode) => {
      // A row of another version, which took every code.
      await harness.store.save(await running('kept'), {
        outcome: { origin: 'step', status: 'error', error: 'no', errorCode },
        outcomeStep: 'last',
      });
      const { traceabilityId, processInstanceId } = await running('a');
      const task = { processInstanceId: processInstanceId!, processDefinitionKey: 'test', traceabilityId };
      await harness.completions.complete({
        correlationId: 'a',
        status: 'error',
        errorCode,
        task: { ...task, topic: 'test.last' },
      });
      await harness.sweep.sweepNow();
      expect(harness.engine.deleted).toEqual([]);
      expect([await endOf('kept'), await endOf('a')]).toEqual([errorCode, `PROCESS_${errorCode}`]);
    },
  );

  it('deletes in a sweep the late instance of an ambiguous start, even if no process of its key is open', async () => {
    harness.engine.answerStart = () => Promise.reject(new EngineAmbiguousError(CALL, 'time-out', null));
    await harness.start({ processKey: 'test', correlationId: 'a', variables: { userId: 'u' } }, () => {});
    await harness.completions.complete({ correlationId: 'a', status: 'ok' });
    await harness.store.update('a', () => ({ change: { startResolved: true } }));
    harness.engine.hold('late', harness.engine.starts[0]!);
    await harness.sweep.sweepNow();
    expect(harness.engine.deleted).toEqual(['late']);
  });

  it('wakes a waiter whose hint was lost', async () => {
    await running('a');
    const wait = harness.waitroom.createWait<ProcessRecord>('a', 60_000);
    jest.spyOn(harness.waitroom, 'completeWait').mockReturnValueOnce(0);
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    await harness.waiterRefresh.refresh();
    expect(await wait.ended).toMatchObject({ kind: 'completed', payload: { status: 'ok' } });
  });

  it('expires a process after PROCESS_MAX_DURATION_MS, and deletes its instance', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '0', PROCESS_MAX_DURATION_MS: '60000' });
    const { processInstanceId } = await running('a');
    await harness.expiry.expireNow();
    expect(await endOf('a')).toBe('pending');
    ahead = 60_001;
    await harness.expiry.expireNow();
    expect(await endOf('a')).toBe('EXPIRED');
    expect(harness.engine.deleted).toEqual([processInstanceId]);
  });
});
