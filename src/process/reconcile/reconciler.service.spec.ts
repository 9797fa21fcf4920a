import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import {
  EngineAmbiguousError,
  EngineResponseError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import { until } from '../../common/testing/until.js';
import { isFinal, type ProcessRecord } from '../../process-store/index.js';

const CALL = { method: 'POST', path: '/process-definition/key/test/start' };
const TIMED_OUT = new EngineAmbiguousError(CALL, 'time-out', null);
const AWAY = new EngineUnreachableError(CALL, 'refused');
const ROLLED_BACK = new EngineResponseError(CALL, 500, 'ProcessEngineException', 'rolled back', 0);

describe('ReconcilerService', () => {
  let harness: ProcessHarness;

  beforeEach(async () => {
    harness = await open();
  });

  afterEach(async () => {
    await harness.close();
  });

  /** A service whose clients do not wait, and which searches for the instance of a start as soon as possible. */
  function open(variables: Record<string, string> = {}): Promise<ProcessHarness> {
    return ProcessHarness.open({
      SYNC_TIMEOUT_MS: '0',
      START_ACK_TIMEOUT_MS: '20',
      START_SETTLE_MS: '300',
      ...variables,
    });
  }

  async function reopen(variables: Record<string, string>): Promise<void> {
    await harness.close();
    harness = await open(variables);
  }

  const start = (correlationId: string) =>
    harness.start({ processKey: 'test', correlationId, variables: { userId: 'u' } }, () => undefined);

  /** The row once it meets the condition; requests rounds at once instead of every second. */
  async function row(
    correlationId: string,
    condition: (record: ProcessRecord) => boolean,
  ): Promise<ProcessRecord> {
    let record: ProcessRecord | null = null;
    await until(async () => {
      record = await harness.store.get(correlationId);
      if (record !== null && condition(record)) return true;
      harness.reconciler.requestRound();
      return false;
    });
    return record!;
  }

  const isResolved = (record: ProcessRecord): boolean => record.startNextAt === null;

  const results = async (correlationId: string): Promise<(string | null)[]> =>
    (await harness.events.findEvents(correlationId)).map(({ result }) => result);

  it('adopts the instance of a start whose answer was lost, and starts no second instance', async () => {
    harness.engine.answerStart = async () => {
      harness.engine.hold('lost', harness.engine.starts[0]!);
      throw TIMED_OUT;
    };
    expect((await start('a')).httpStatus).toBe(202);
    const record = await row('a', isResolved);
    expect(record).toMatchObject({ status: 'pending', processInstanceId: 'lost' });
    expect(harness.engine.starts).toHaveLength(1);
    expect(await results('a')).toEqual(['Instance adopted']);
  });

  it('starts again only if no instance has appeared START_SETTLE_MS after the last attempt', async () => {
    harness.engine.answerStart = () => Promise.reject(TIMED_OUT);
    await start('a');
    const lookedAt: number[] = [];
    harness.engine.answerStart = async () => {
      lookedAt.push(Date.now());
      return { id: 'second' };
    };
    const first = (await harness.store.get('a'))?.startLastAttemptAt?.getTime() ?? NaN;
    const record = await row('a', isResolved);
    expect(record).toMatchObject({ processInstanceId: 'second', startAttempts: 2 });
    expect(lookedAt).toHaveLength(1);
    expect(lookedAt[0]! - first).toBeGreaterThanOrEqual(300);
  });

  it.each([
    ['another traceability id', { traceability_id: 'stranger' }, undefined],
    ['a caller', {}, 'parent'],
  ])('does not adopt an instance with %s', async (_name, variables, superProcessInstanceId) => {
    harness.engine.answerStart = () => {
      const [asked] = harness.engine.starts;
      harness.engine.hold('not-ours', asked!);
      const held = harness.engine.instances.get('not-ours')!;
      harness.engine.instances.set('not-ours', {
        ...held,
        variables: { ...held.variables, ...variables },
        ...(superProcessInstanceId === undefined ? {} : { superProcessInstanceId }),
      });
      harness.engine.answerStart = () => Promise.resolve({ id: 'ours' });
      return Promise.reject(TIMED_OUT);
    };
    await start('a');
    expect(await row('a', isResolved)).toMatchObject({ processInstanceId: 'ours' });
    expect(harness.engine.deleted).toEqual([]);
  });

  it('deletes a second instance that appears later', async () => {
    harness.engine.answerStart = () => {
      harness.engine.hold('first', harness.engine.starts[0]!);
      harness.engine.hold('late', harness.engine.starts[0]!);
      return Promise.reject(TIMED_OUT);
    };
    await start('a');
    expect(await row('a', isResolved)).toMatchObject({ processInstanceId: 'first' });
    expect(harness.engine.deleted).toEqual(['late']);
    expect(await results('a')).toEqual(['Instance adopted', 'Surplus instance deleted']);
  });

  it('retries until the engine is back, and counts only attempts that were sent', async () => {
    harness.engine.answerStart = () => Promise.reject(AWAY);
    await start('a');
    await until(() => {
      harness.reconciler.requestRound();
      return harness.engine.starts.length >= 3;
    });
    harness.engine.answerStart = () => Promise.resolve({ id: 'back' });
    expect(await row('a', isResolved)).toMatchObject({ processInstanceId: 'back', startAttempts: 1 });
  });

  it('rejects a start that the engine has rolled back START_MAX_ATTEMPTS times', async () => {
    await reopen({ START_MAX_ATTEMPTS: '2' });
    harness.engine.answerStart = () => Promise.reject(ROLLED_BACK);
    await start('a');
    const record = await row('a', ({ status }) => status === 'error');
    expect(record).toMatchObject({ errorCode: 'START_REJECTED', startNextAt: null });
    expect(record.error).toContain('2 times');
    expect(record.error).toContain('It cannot go on in "test": rolled back. Nothing was started');
    expect(harness.engine.starts).toHaveLength(2);
  });

  it('does not start a cancelled process, and deletes an instance that appears later', async () => {
    harness.engine.answerStart = () => Promise.reject(TIMED_OUT);
    await start('a');
    expect((await harness.cancel('a')).httpStatus).toBe(200);
    harness.engine.hold('late', harness.engine.starts[0]!);
    await row('a', isResolved);
    expect(harness.engine.starts).toHaveLength(1);
    expect(harness.engine.deleted).toEqual(['late']);
    expect(await harness.store.get('a')).toMatchObject({ errorCode: 'CANCELLED' });
  });

  it('ends the reconciliation of a cancelled start when no instance can appear any more', async () => {
    harness.engine.answerStart = () => Promise.reject(TIMED_OUT);
    await start('a');
    await harness.cancel('a');
    const record = await row('a', isResolved);
    expect(record.processInstanceId).toBeNull();
    expect(harness.engine.starts).toHaveLength(1);
  });

  it('finishes a cancel after a crash directly after the start was stored', async () => {
    const claim = await harness.claim('a');
    await harness.store.update('a', () => ({ change: { cancelRequestedAt: new Date() } }));
    harness.engine.hold('started', { processKey: 'test', businessKey: 'a', variables: {} });
    await harness.store.noteStarted(claim, 'started');
    const record = await row('a', isFinal);
    expect(record.errorCode).toBe('CANCELLED');
    expect(harness.engine.deleted).toEqual(['started']);
    await row('a', isResolved);
  });

  it('does not change a row whose lease another owner holds', async () => {
    const record = await harness.claim('a');
    expect(record.startOwner).toBe('me');
    harness.reconciler.requestRound();
    await harness.store.noteStarted({ ...record, correlationId: 'b' }, 'none');
    expect(await harness.store.leaseStart('a', 'other', 1_000)).toBeNull();
    expect(harness.engine.queries).not.toContain('findInstances');
  });

  it('leaves a row to another holder that has taken its lease during the work', async () => {
    await harness.claim('a');
    await harness.store.update('a', () => ({ change: { cancelRequestedAt: new Date() } }));
    const claim = await harness.store.table.findProcessStore('a');
    await harness.store.rescheduleStart({ lease: claim!, nextInMs: 0, attempt: 'unchanged' });
    const lease = harness.store.leaseStart.bind(harness.store);
    jest.spyOn(harness.store, 'leaseStart').mockImplementationOnce(async (id, owner) => {
      const held = await lease(id, owner, 0);
      expect(await lease(id, 'other', 60_000)).not.toBeNull();
      return held;
    });
    await row('a', isFinal);
    let left: unknown;
    // The drain before it awaits the reconciliation.
    harness.shutdown.register('abort', 'look', async () => {
      left = await harness.store.table.findProcessStore('a');
    });
    await harness.shutdown.stop();
    expect(left).toMatchObject({ startOwner: 'other', errorCode: 'CANCELLED' });
  });

  it('adopts no instance for the next claim of an id, and deletes it', async () => {
    const claim = await harness.claim('a');
    await harness.store.rescheduleStart({ lease: claim, nextInMs: 0, attempt: 'unchanged' });
    const variables = { traceability_id: 'trace-a' };
    harness.engine.hold('late', { processKey: 'test', businessKey: 'a', variables });
    const find = harness.engine.findInstances.bind(harness.engine);
    jest.spyOn(harness.engine, 'findInstances').mockImplementationOnce(async (filter) => {
      const held = await harness.store.table.findProcessStore('a');
      expect(await harness.store.releaseClaim(held!)).toBe(true);
      await harness.claim('a', { claimId: 'next' });
      return find(filter);
    });
    await until(() => {
      harness.reconciler.requestRound();
      return harness.engine.deleted.includes('late');
    });
    expect(await harness.store.table.findProcessStore('a')).toMatchObject({
      claimId: 'next',
      processInstanceId: null,
    });
  });

  it('probes an engine that is away with one call, and sends the starts once it answers', async () => {
    harness.engine.isAway = true;
    const answers = ['a', 'b', 'c'].map((id) => start(id));
    await Promise.all(answers);
    expect(harness.engine.starts).toEqual([]);
    harness.reconciler.requestRound();
    while (!harness.engine.queries.includes('version')) await new Promise(setImmediate);
    expect(harness.engine.starts).toEqual([]);
    harness.engine.recover();
    for (const id of ['a', 'b', 'c']) await row(id, isResolved);
    expect(harness.engine.starts.map(({ businessKey }) => businessKey).sort()).toEqual(['a', 'b', 'c']);
  });

  it('runs at most START_CONCURRENCY starts of a backlog, oldest first', async () => {
    await reopen({ START_CONCURRENCY: '2', SYNC_TIMEOUT_MS: '0' });
    harness.engine.isAway = true;
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of ids) await start(id);
    while ((await harness.store.starts.findDueStarts(10)).length < 5) await new Promise(setImmediate);
    let atWork = 0;
    let most = 0;
    let begun = 0;
    harness.engine.answerStart = async () => {
      begun += 1;
      atWork += 1;
      most = Math.max(most, atWork);
      // Each has company, but perhaps the last.
      await until(() => most >= 2 || begun === ids.length);
      atWork -= 1;
      return { id: `of-${harness.engine.starts.length}` };
    };
    harness.engine.recover();
    for (const id of ids) await row(id, isResolved);
    expect(most).toBe(2);
    expect(harness.engine.starts.map(({ businessKey }) => businessKey)).toEqual(ids);
  });

  it('runs one start of a backlog with large variables, with small starts besides', async () => {
    harness.engine.isAway = true;
    const text = 'x'.repeat(700_000);
    const large = ['a', 'b', 'c'];
    for (const correlationId of large) {
      const variables = { userId: 'u', text };
      await harness.start({ processKey: 'test', correlationId, variables }, () => undefined);
    }
    await start('small');
    while ((await harness.store.starts.findDueStarts(10)).length < 4) await new Promise(setImmediate);
    let atWork = 0;
    let most = 0;
    let isSmallStarted = false;
    harness.engine.answerStart = async () => {
      const id = harness.engine.starts.at(-1)?.businessKey ?? '';
      if (id === 'small') {
        isSmallStarted = true;
        return { id: 'of-small' };
      }
      atWork += 1;
      most = Math.max(most, atWork);
      // The first has not ended when the small one, which is behind all of them, begins.
      await until(() => isSmallStarted);
      atWork -= 1;
      return { id: `of-${id}` };
    };
    harness.engine.recover();
    for (const id of [...large, 'small']) await row(id, isResolved);
    expect(most).toBe(1);
  });

  it('refuses starts beyond START_BACKLOG_MAX and stores nothing', async () => {
    await reopen({ START_BACKLOG_MAX: '2', SYNC_TIMEOUT_MS: '0' });
    harness.engine.isAway = true;
    await start('a');
    await start('b');
    await expect(start('c')).rejects.toMatchObject({ code: 'start-backlog-full', status: 503 });
    expect(await harness.store.get('c')).toBeNull();
    harness.engine.recover();
    await row('b', isResolved);
    while ((await harness.store.starts.countUnresolvedStarts(new Date())) > 0)
      await new Promise(setImmediate);
    harness.reconciler.requestRound();
    let answer: number | null = null;
    while (answer === null) {
      answer = await start('c').then(
        ({ httpStatus }) => httpStatus,
        () => null,
      );
    }
    expect(answer).toBe(202);
  });

  /** Starts two processes that the engine does not answer, and counts the backlog. */
  async function startUnanswered(): Promise<void> {
    harness.engine.answerStart = () => new Promise(() => undefined);
    void start('a').catch(() => undefined);
    void start('b').catch(() => undefined);
    while (harness.engine.starts.length < 2) await new Promise(setImmediate);
  }

  const count = (): Promise<void> => harness.backlog.refresh();

  it('does not count a recent start in flight as backlog', async () => {
    await reopen({ START_BACKLOG_MAX: '2', START_ACK_TIMEOUT_MS: '60000', SHUTDOWN_TIMEOUT_MS: '1' });
    await startUnanswered();
    await count();
    void start('c').catch(() => undefined);
    while (harness.engine.starts.length < 3) await new Promise(setImmediate);
    expect(harness.engine.starts.map(({ businessKey }) => businessKey)).toEqual(['a', 'b', 'c']);
  });

  it('counts a start as backlog that the engine does not answer', async () => {
    await reopen({ START_BACKLOG_MAX: '2', START_ACK_TIMEOUT_MS: '1', SHUTDOWN_TIMEOUT_MS: '1' });
    await startUnanswered();
    while (!harness.backlog.isFull) {
      await count();
      await new Promise(setImmediate);
    }
    await expect(start('c')).rejects.toMatchObject({ code: 'start-backlog-full' });
  });

  it('answers a repeated start even if the backlog is full', async () => {
    await reopen({ START_BACKLOG_MAX: '2', SYNC_TIMEOUT_MS: '0' });
    await harness.claim('other');
    harness.engine.isAway = true;
    await start('a');
    await start('b');
    await expect(start('c')).rejects.toMatchObject({ code: 'start-backlog-full' });
    expect(await start('a')).toMatchObject({ httpStatus: 202, headers: { 'idempotent-replayed': 'true' } });
    await harness.completions.complete({ correlationId: 'b', status: 'ok', data: 1 });
    expect(await start('b')).toMatchObject({ httpStatus: 200, headers: { 'idempotent-replayed': 'true' } });
    await expect(start('other')).rejects.toMatchObject({ code: 'correlation-id-conflict' });
  });

  it('writes the event of a start that a crash lost, once', async () => {
    const record = await harness.claim('a');
    harness.engine.hold('ours', {
      processKey: 'test',
      businessKey: 'a',
      variables: { traceability_id: record.traceabilityId },
    });
    const { instances } = harness.engine;
    await harness.store.save(record, {
      outcome: { origin: 'step', status: 'ok', data: '1' },
      processInstanceId: 'ours',
    });
    harness = await harness.reopen();
    for (const [id, instance] of instances) harness.engine.instances.set(id, instance);
    harness.reconciler.requestRound();
    await row('a', ({ startNextAt }) => startNextAt === null);
    expect(await results('a')).toEqual(['Instance adopted']);
  });

  it('writes such an event even if the engine no longer has the instance', async () => {
    const record = await harness.claim('a');
    await harness.store.save(record, {
      outcome: { origin: 'step', status: 'ok', data: '1' },
      processInstanceId: 'forgotten',
    });
    harness = await harness.reopen();
    harness.reconciler.requestRound();
    await row('a', ({ startNextAt }) => startNextAt === null);
    expect(await results('a')).toEqual(['Instance adopted']);
  });

  it('continues at boot with the rows of an earlier run, without waiting for their leases', async () => {
    await harness.claim('a');
    harness = await harness.reopen();
    expect(await row('a', isResolved)).toMatchObject({ processInstanceId: 'instance-1', startAttempts: 2 });
  });
});
