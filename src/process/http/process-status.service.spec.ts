import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import { DatabaseUnavailableError } from '../../database/index.js';
import type { ProcessRecord } from '../../process-store/index.js';
import { StartRefusedError, unknownDefinition } from '../launch/start-refusal.js';
import { entityTagOf, readIfNoneMatch } from './entity-tag.js';
import type { StatusRequest } from './process-status.service.js';
import type { ProcessAnswer } from './process-view.presenter.js';

describe('ProcessStatusService', () => {
  let harness: ProcessHarness;
  let pending: ProcessRecord;

  beforeEach(async () => {
    harness = await ProcessHarness.open();
    pending = await harness.claim('a');
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await harness.close();
  });

  function ask(
    waitMs: number,
    ifNoneMatch?: string,
    more: Partial<StatusRequest> = {},
  ): Promise<ProcessAnswer> {
    return harness.statuses.status('a', {
      waitMs,
      held: readIfNoneMatch(ifNoneMatch),
      onClientGone: () => undefined,
      ...more,
    });
  }

  /** Settles once as many requests wait. */
  async function waiting(count: number): Promise<void> {
    while (harness.waitroom.size !== count) await new Promise(setImmediate);
  }

  async function complete(data: unknown): Promise<void> {
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data });
  }

  /** An open outcome, as of a step without retries left. */
  async function incident(): Promise<ProcessRecord> {
    const result = await harness.store.update('a', () => ({
      change: { outcome: { origin: 'incident', status: 'error', error: 'no', errorCode: 'INCIDENT' } },
    }));
    if (result.kind !== 'saved') throw new Error(result.kind);
    harness.waitroom.completeWait('a', result.record);
    return result.record;
  }

  it('answers at once with the status and its entity tag', async () => {
    const answer = await ask(0);
    expect([answer.httpStatus, answer.headers.etag]).toEqual([202, `"${pending.startedAt.getTime()}-1"`]);
    await complete(1);
    const finished = await ask(0);
    expect([finished.httpStatus, finished.headers.etag]).toEqual([200, `"${pending.startedAt.getTime()}-2"`]);
  });

  it('marks a claim that it reports as pending, so that it is never unknown afterwards', async () => {
    await ask(0);
    expect(await harness.store.get('a')).toMatchObject({ joined: true });
    expect(await harness.store.releaseClaim(pending)).toBe(false);
  });

  it('answers that the store is unavailable if the mark is not durable in time', async () => {
    jest.spyOn(harness.store, 'markJoined').mockReturnValue(new Promise(() => undefined));
    harness.limitWriteWaits(1);
    await expect(ask(0)).rejects.toMatchObject({ code: 'store-unavailable', status: 503 });
  });

  it('answers 404 if the claim is removed before it is marked', async () => {
    jest.spyOn(harness.store, 'get').mockResolvedValueOnce(pending);
    await harness.store.releaseClaim(pending);
    await expect(ask(0)).rejects.toMatchObject({ code: 'unknown-process' });
  });

  it('waits until the process is no longer pending', async () => {
    const answered = ask(60_000);
    await waiting(1);
    await complete({ n: 1 });
    expect(await answered).toMatchObject({ httpStatus: 200 });
  });

  it('does not miss an outcome between its first read and its waiter', async () => {
    await complete(1);
    jest.spyOn(harness.store, 'get').mockResolvedValueOnce(pending);
    expect(await ask(60_000)).toMatchObject({ httpStatus: 200 });
    expect(harness.waitroom.size).toBe(0);
  });

  it('answers pending if the wait ends first, the service stops, or the waitroom is full', async () => {
    expect(await ask(1)).toMatchObject({ httpStatus: 202 });
    const answered = ask(60_000);
    await waiting(1);
    harness.waitroom.clearAll();
    expect(await answered).toMatchObject({ httpStatus: 202 });
    expect(harness.waitroom.size).toBe(0);
  });

  it('answers with the reason if the start is refused during the wait', async () => {
    const answered = ask(60_000);
    await waiting(1);
    harness.waitroom.failWait('a', new StartRefusedError(unknownDefinition({ processKey: 'test' }, [])));
    await expect(answered).rejects.toMatchObject({ code: 'unknown-process-definition' });
  });

  it('drops the waiter of a client that is gone', async () => {
    let goAway = (): void => undefined;
    const answered = ask(60_000, undefined, {
      onClientGone: (gone) => {
        goAway = gone;
      },
    });
    await waiting(1);
    goAway();
    await waiting(0);
    await answered;
  });

  it('lists the active processes with the newest results that fit into a page', async () => {
    const kilobytes = (count: number): string => JSON.stringify('x'.repeat(count * 1_024 - 2));
    const processes = [600, 424, 1, null].map((count, index) => ({
      ...pending,
      correlationId: `r${index}`,
      status: 'ok' as const,
      data: count === null ? null : kilobytes(count),
      hasData: count !== null,
    }));
    jest.spyOn(harness.store, 'listActive').mockResolvedValueOnce({ processes, nextCursor: 'next' });
    const reserved: number[] = [];
    const { body } = await harness.statuses.list({}, (bytes) => reserved.push(bytes));
    const list = JSON.parse(body) as {
      processes: { data: string | null; hasData?: boolean }[];
      nextCursor: string;
    };
    expect(list.processes.map(({ data, hasData }) => [data?.length, hasData])).toEqual([
      [600 * 1_024 - 2, undefined],
      [424 * 1_024 - 2, undefined],
      [undefined, true],
      [undefined, undefined],
    ]);
    expect(list.nextCursor).toBe('next');
    expect(reserved).toEqual([1_024 * 1_024]);
  });

  it('leaves no waiter behind if the store goes away', async () => {
    const away = new DatabaseUnavailableError(new Error('away'));
    jest.spyOn(harness.store, 'get').mockResolvedValueOnce(pending).mockRejectedValueOnce(away);
    await expect(ask(60_000)).rejects.toBe(away);
    expect(harness.waitroom.size).toBe(0);
  });

  it('answers an open outcome at once, but waits for a change if the client has it already', async () => {
    const open = await incident();
    const seen = await ask(60_000);
    expect([seen.httpStatus, seen.headers.etag]).toEqual([500, entityTagOf(open)]);
    const answered = ask(60_000, seen.headers.etag);
    await waiting(1);
    await complete('repaired');
    expect(await answered).toMatchObject({ httpStatus: 200 });
  });

  it('continues to wait after a wake-up with a state that the client has', async () => {
    const open = await incident();
    const answered = ask(60_000, entityTagOf(open));
    await waiting(1);
    harness.waitroom.completeWait('a', open);
    await waiting(1);
    await complete('repaired');
    expect(await answered).toMatchObject({ httpStatus: 200 });
  });

  it.each([
    ['pending', '*'],
    ['pending', 'the tag'],
  ])('answers 304 to a client that has the state: %s, %s', async (_state, header) => {
    const answer = await ask(1, header === '*' ? '*' : `W/${entityTagOf(pending)}`);
    expect(answer).toMatchObject({ httpStatus: 304, body: '' });
    expect(answer.headers).toMatchObject({ etag: entityTagOf(pending), 'process-status': 'pending' });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
  });

  it('answers at once if the client has another state, and never 304 for an error', async () => {
    expect(await ask(60_000, '"0-1"')).toMatchObject({ httpStatus: 202 });
    const open = await incident();
    expect(await ask(1, entityTagOf(open))).toMatchObject({ httpStatus: 500 });
    await harness.completions.complete({ correlationId: 'a', status: 'error', error: 'e', errorCode: 'E' });
    const final = await ask(0);
    expect(await ask(60_000, final.headers.etag)).toMatchObject({ httpStatus: 500, body: final.body });
  });

  describe('of a process that waits for a person', () => {
    const TASK = { id: 'T', name: 'Decide', taskDefinitionKey: 'decide', assignee: 'mary' };

    beforeEach(async () => {
      harness.engine.userTasks = [TASK];
      const start = { processKey: 'theirs', correlationId: 'b', variables: {} };
      await harness.starts.start(start, () => undefined, 0);
      harness.engine.queries.length = 0;
    });

    const view = async (ifNoneMatch?: string): Promise<ProcessAnswer> =>
      harness.statuses.status('b', {
        waitMs: 0,
        held: readIfNoneMatch(ifNoneMatch),
        onClientGone: () => undefined,
      });

    it('shows the task, has a weak entity tag, and costs the engine nothing for further clients', async () => {
      const answer = await view();
      expect(JSON.parse(answer.body)).toMatchObject({
        status: 'pending',
        waitingFor: [{ kind: 'userTask', id: 'T', name: 'Decide', assignee: 'mary', since: null }],
      });
      expect(answer.headers.etag).toMatch(/^W\/"\d+-\d+"$/);
      expect(answer.headers).not.toHaveProperty('process-waiting');
      const { length } = harness.engine.queries;
      const more = await Promise.all(Array.from({ length: 100 }, () => view()));
      expect(new Set(more.map(({ body }) => body))).toEqual(new Set([answer.body]));
      expect(harness.engine.queries).toHaveLength(length);
    });

    it('asks the engine nothing for a 304', async () => {
      const { headers } = await view();
      harness.engine.queries.length = 0;
      expect(await view(headers.etag)).toMatchObject({ httpStatus: 304, body: '' });
      expect(harness.engine.queries).toEqual([]);
    });

    it('answers without the task, and with a strong entity tag, if the engine fails', async () => {
      harness.engine.failure = new Error('401');
      const answer = await view();
      expect(answer.httpStatus).toBe(202);
      expect(JSON.parse(answer.body)).not.toHaveProperty('waitingFor');
      expect(answer.headers.etag).toMatch(/^"\d+-\d+"$/);
    });

    it('shows nothing once the process has ended', async () => {
      await view();
      await harness.completions.complete({ correlationId: 'b', status: 'ok', data: 1 });
      const answer = await view();
      expect(answer.httpStatus).toBe(200);
      expect(JSON.parse(answer.body)).not.toHaveProperty('waitingFor');
    });
  });

  it('makes no call to the engine for the waits of a process that ends within its start', async () => {
    const answer = harness.start({ processKey: 'test', correlationId: 'c', variables: { userId: 'u' } });
    while (harness.engine.starts.length === 0) await new Promise(setImmediate);
    await harness.completions.complete({ correlationId: 'c', status: 'ok', data: 1 });
    expect((await answer).httpStatus).toBe(200);
    expect(harness.engine.queries).not.toContain('findRunning');
    expect(harness.engine.queries).not.toContain('findUserTasks');
  });
});
