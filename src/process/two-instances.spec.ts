import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../test/support/process.harness.js';
import { EngineAmbiguousError, EngineResponseError } from '../camunda-engine/index.js';
import { until } from '../common/testing/until.js';
import { MessageBus } from '../wake-ups/testing/message.bus.js';

const CALL = { method: 'POST', path: '/process-definition/key/test/start' } as const;

describe('two instances over one database', () => {
  let one: ProcessHarness;
  let two: ProcessHarness;

  beforeEach(async () => {
    one = await ProcessHarness.open();
    two = await one.beside();
  });

  afterEach(async () => {
    await two.close();
    await one.close();
  });

  const start = (instance: ProcessHarness, correlationId: string, userId = 'u') =>
    instance.start({ processKey: 'test', correlationId, variables: { userId } }, () => undefined);

  it('makes one start of two simultaneous requests, with the same answer', async () => {
    const answers = [start(one, 'a'), start(two, 'a')];
    await until(() => one.waitroom.size + two.waitroom.size === 2 && one.engine.starts.length > 0);
    await one.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    await one.waiterRefresh.refresh();
    await two.waiterRefresh.refresh();
    const [first, second] = await Promise.all(answers);
    expect([first?.httpStatus, second?.httpStatus]).toEqual([200, 200]);
    expect(first?.body).toBe(second?.body);
    expect(one.engine.starts).toHaveLength(1);
  });

  it('replays the outcome at the other instance, and refuses a different start with the id', async () => {
    const answer = start(one, 'a');
    await until(() => one.engine.starts.length > 0);
    await one.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    await answer;
    expect(await start(two, 'a')).toMatchObject({
      httpStatus: 200,
      headers: { 'idempotent-replayed': 'true' },
    });
    await expect(start(two, 'a', 'other')).rejects.toMatchObject({ code: 'correlation-id-conflict' });
  });

  it('wakes waiters of one instance when the other completes or cancels the process', async () => {
    const waiting = ['a', 'b'].map((id) => start(two, id));
    await until(async () => (await two.store.get('b'))?.processInstanceId != null);
    await one.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    await one.cancel('b');
    await two.waiterRefresh.refresh();
    expect((await Promise.all(waiting)).map(({ headers }) => headers['process-status'])).toEqual([
      'ok',
      'error',
    ]);
  });

  it('wakes a waiter at once after the hint of the other, and believes no false hint', async () => {
    await two.close();
    await one.close();
    const bus = new MessageBus();
    one = await ProcessHarness.open({}, undefined, undefined, bus);
    two = await one.beside({}, bus);
    // Without it only a hint can wake.
    two.waiterRefresh.refresh = () => Promise.resolve();
    const answer = start(two, 'a');
    await until(async () => (await two.store.get('a'))?.processInstanceId != null);
    let answered = false;
    void answer.then(() => (answered = true));
    const reads = jest.spyOn(two.store, 'readDecided');
    bus.deliver('{"i":"stranger","o":[["a",99],["unknown",1]],"e":["a"],"w":["a"]}');
    await until(() => reads.mock.calls.length > 0);
    expect(reads).toHaveBeenCalledWith(['a']);
    await reads.mock.results.at(-1)?.value;
    expect(answered).toBe(false);
    await until(() => one.wakeUps.isConnected && two.wakeUps.isConnected);
    await one.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    expect((await answer).httpStatus).toBe(200);
  });

  it('wakes a waiter by a hint also if a status request has read the outcome before', async () => {
    await two.close();
    await one.close();
    const bus = new MessageBus();
    // The wait does not end by itself.
    const variables = { SYNC_TIMEOUT_MS: '600000', SYNC_TIMEOUT_MAX_MS: '600000' };
    one = await ProcessHarness.open(variables);
    two = await one.beside(variables, bus);
    two.waiterRefresh.refresh = () => Promise.resolve();
    const answer = start(two, 'a');
    await until(async () => (await two.store.get('a'))?.processInstanceId != null);
    await one.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    const version = (await two.store.get('a'))?.version;
    expect(two.store.peekCurrent('a')?.status).toBe('ok');
    bus.deliver(`{"i":"one","o":[["a",${version}]],"e":[],"w":[]}`);
    expect((await answer).httpStatus).toBe(200);
  });

  it('never answers with an older state than the other has answered', async () => {
    const answer = start(one, 'a');
    await until(() => one.engine.starts.length > 0);
    for (let n = 0; n < 20; n += 1) {
      // Now the Map of the other instance holds the open row.
      const id = `b-${n}`;
      void start(one, id).catch(() => undefined);
      await until(async () => (await two.store.get(id))?.processInstanceId != null);
      expect(two.store.peek(id)?.status).toBe('pending');
      await one.completions.complete({ correlationId: id, status: 'ok', data: n });
      const status = await two.statuses.status(id, { waitMs: 0, held: null, onClientGone: () => undefined });
      expect(JSON.parse(status.body)).toMatchObject({ status: 'ok', data: n });
      const replayed = await start(two, id);
      expect(JSON.parse(replayed.body)).toMatchObject({ status: 'ok', data: n });
    }
    await one.completions.complete({ correlationId: 'a', status: 'ok' });
    await answer;
  });

  it('refuses on the state of the table and not on what it remembers', async () => {
    const answer = start(one, 'a');
    await until(async () => (await two.store.get('a'))?.processInstanceId != null);
    const seen: string[] = [];
    await one.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    expect(two.store.peek('a')?.status).toBe('pending');
    const result = await two.store.update('a', (row) => {
      seen.push(row.status);
      return { refuse: 'not now' };
    });
    expect(seen).toEqual(['pending', 'ok']);
    expect(result).toMatchObject({ kind: 'refused', record: { status: 'ok' } });
    await answer;
  });

  it('accepts only one of two completions at different instances', async () => {
    const answer = start(one, 'a');
    await until(async () => (await two.store.get('a')) !== null);
    const ends = await Promise.all([
      one.completions.complete({ correlationId: 'a', status: 'ok', data: 'one' }),
      two.completions.complete({ correlationId: 'a', status: 'ok', data: 'two' }),
    ]);
    expect(ends.map(({ kind }) => kind).sort()).toEqual(['refused', 'stored']);
    await one.waiterRefresh.refresh();
    const stored = ends.find(({ kind }) => kind === 'stored');
    expect(JSON.parse((await answer).body)).toMatchObject({
      data: JSON.parse((stored as { record: { data: string } }).record.data) as unknown,
    });
  });

  it('takes over a start only after its lease expires, and deletes a late second instance', async () => {
    await two.close();
    await one.close();
    const variables = { CAMUNDA_START_TIMEOUT_MS: '100', START_LEASE_MS: '200', START_SETTLE_MS: '0' };
    one = await ProcessHarness.open(variables);
    two = await one.beside(variables);
    let answerLate = (): void => undefined;
    one.engine.answerStart = () => {
      one.engine.answerStart = () => Promise.resolve({ id: 'taken-over' });
      return new Promise((resolve) => {
        answerLate = () => {
          resolve({ id: 'late' });
        };
      });
    };
    const begun = start(one, 'a');
    await until(() => one.engine.starts.length === 1);
    expect(await two.store.leaseStart('a', 'two', 1_000)).toBeNull();
    await until(async () => {
      two.reconciler.requestRound();
      const [row] = await two.store.table.findByIds(['a']);
      return row?.processInstanceId === 'taken-over';
    });
    answerLate();
    await until(() => one.engine.deleted.includes('late'));
    await one.completions.complete({ correlationId: 'a', status: 'ok' });
    expect((await begun).httpStatus).toBe(200);
    expect(one.engine.instances.get('taken-over')?.state).toBe('ACTIVE');
  });

  it('does not send a start if its holder was paused until another instance had taken it over', async () => {
    await two.close();
    await one.close();
    const variables = { CAMUNDA_START_TIMEOUT_MS: '100', START_LEASE_MS: '200', START_SETTLE_MS: '0' };
    one = await ProcessHarness.open(variables);
    two = await one.beside(variables);
    let resume: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => {
      resume = resolve;
    });
    const claim = one.store.claim.bind(one.store);
    jest.spyOn(one.store, 'claim').mockImplementation(async (...parameters) => {
      const claimed = await claim(...parameters);
      await paused;
      return claimed;
    });
    const begun = start(one, 'a');
    await until(() => {
      two.reconciler.requestRound();
      return one.engine.starts.length === 1;
    });
    const kept = jest.spyOn(one.store, 'rescheduleStart');
    resume();
    await until(() => kept.mock.results.length > 0);
    expect(await kept.mock.results[0]?.value).toBeNull();
    expect(one.engine.starts).toHaveLength(1);
    await two.completions.complete({ correlationId: 'a', status: 'ok' });
    await one.waiterRefresh.refresh();
    expect((await begun).httpStatus).toBe(200);
  });

  describe('with a start whose holder is paused until another instance has taken it over', () => {
    let answerLate: (answer: Promise<{ id: string }>) => void;
    let begun: ReturnType<typeof start>;

    /** @param taken what the engine answers to the instance that has taken the start over */
    const takeOver = async (taken: Promise<{ id: string }>): Promise<void> => {
      await two.close();
      await one.close();
      const variables = { CAMUNDA_START_TIMEOUT_MS: '100', START_LEASE_MS: '200', START_SETTLE_MS: '0' };
      one = await ProcessHarness.open(variables);
      two = await one.beside(variables);
      one.engine.answerStart = () => {
        one.engine.answerStart = () => taken;
        return new Promise((resolve) => {
          answerLate = resolve;
        });
      };
      begun = start(one, 'a');
      await until(async () => {
        two.reconciler.requestRound();
        return one.engine.starts.length === 2;
      });
    };

    it('deletes what the holder has started, even if it does not know it', async () => {
      await takeOver(Promise.resolve({ id: 'taken-over' }));
      await until(async () => {
        const [row] = await two.store.table.findByIds(['a']);
        return row?.processInstanceId === 'taken-over' && row.startNextAt === null;
      });
      // The engine has executed the start of the holder, and the answer is lost.
      one.engine.hold('late', one.engine.starts[0]!);
      answerLate(Promise.reject(new EngineAmbiguousError(CALL, 'time-out', null)));
      await until(() => {
        two.reconciler.requestRound();
        return one.engine.deleted.includes('late');
      });
      await one.completions.complete({ correlationId: 'a', status: 'ok' });
      expect((await begun).httpStatus).toBe(200);
      expect(one.engine.instances.get('taken-over')?.state).toBe('ACTIVE');
    });

    it('keeps the claim when the engine has refused the start of the holder', async () => {
      let answerTaken: (answer: { id: string }) => void = () => undefined;
      await takeOver(
        new Promise((resolve) => {
          answerTaken = resolve;
        }),
      );
      const rejected = jest.spyOn(one.outcomes, 'write');
      answerLate(
        Promise.reject(
          new EngineResponseError(CALL, 404, 'RestException', 'No matching process definition', null),
        ),
      );
      await until(() => rejected.mock.results.length > 0);
      expect(await rejected.mock.results[0]?.value).toMatchObject({ kind: 'refused' });
      answerTaken({ id: 'taken-over' });
      await until(async () => {
        const [row] = await two.store.table.findByIds(['a']);
        return row?.processInstanceId === 'taken-over';
      });
      expect((await two.completions.complete({ correlationId: 'a', status: 'ok' })).kind).toBe('stored');
      await begun.catch(() => undefined);
      expect(one.engine.deleted).toEqual([]);
    });
  });
});
