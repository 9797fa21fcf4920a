import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { holdDatabase } from '../../../test/support/held.database.js';
import { probeEvent, ProcessHarness } from '../../../test/support/process.harness.js';
import {
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineResponseError,
  EngineUnreachableError,
} from '../../camunda-engine/index.js';
import { ProblemError } from '../../common/errors/index.js';
import { until } from '../../common/testing/until.js';
import { DatabaseUnavailableError } from '../../database/index.js';
import type { ProcessAnswer } from '../http/process-view.presenter.js';
import type { StartCommand } from './process-start.service.js';

const CALL = { method: 'POST', path: '/process-definition/key/test/start' };

describe('ProcessStartService', () => {
  let harness: ProcessHarness;

  beforeEach(async () => {
    harness = await ProcessHarness.open();
  });

  afterEach(async () => {
    await harness.close();
  });

  function start(
    correlationId: string,
    variables: Record<string, unknown> = { userId: 'u' },
    onCallerGone: (gone: () => void) => void = () => undefined,
  ): Promise<ProcessAnswer> {
    return harness.start({ processKey: 'test', correlationId, variables }, onCallerGone);
  }

  async function problemOf(answer: Promise<ProcessAnswer>): Promise<ProblemError> {
    return answer.then(
      ({ body }) => {
        throw new Error(`answered ${body}`);
      },
      (error: unknown) => {
        if (error instanceof ProblemError) return error;
        throw error;
      },
    );
  }

  /** A start that the engine answers when the test says so. */
  function heldStart(): {
    readonly answer: (id: string) => void;
    readonly fail: (error: Error) => void;
    readonly asked: Promise<void>;
  } {
    let answer = (_id: string): void => undefined;
    let fail = (_error: Error): void => undefined;
    const asked = new Promise<void>((resolve) => {
      harness.engine.answerStart = () =>
        new Promise((done, failed) => {
          answer = (id) => {
            done({ id });
          };
          fail = failed;
          resolve();
        });
    });
    return {
      answer: (id) => {
        answer(id);
      },
      fail: (error) => {
        fail(error);
      },
      asked,
    };
  }

  it("comes first in the trail, even if its first step is faster than the engine's answer", async () => {
    harness.engine.answerStart = () => {
      void harness.events.logEvent({ ...probeEvent(), correlationId: 'a', step: 1 });
      return Promise.resolve({ id: 'instance-1' });
    };
    const answer = start('a');
    const trail = async (): Promise<string[]> =>
      (await harness.events.findEvents('a')).map(({ stepName }) => stepName);
    await until(async () => (await trail()).length === 2);
    expect(await trail()).toEqual(['start', 'probe']);
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: null });
    await answer;
  });

  it('commits the claim and registers the waiter before it calls the engine', async () => {
    const seen: unknown[] = [];
    harness.engine.answerStart = async () => {
      const record = await harness.store.get('a');
      seen.push(record?.status, harness.waitroom.isAwaited('a'));
      await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 'early' });
      return { id: 'instance-1' };
    };
    const answer = await start('a');
    expect(seen).toEqual(['pending', true]);
    expect(answer).toMatchObject({ httpStatus: 200 });
    expect(JSON.parse(answer.body)).toMatchObject({ data: 'early' });
  });

  it('sends the variables of the client and of the service to the engine', async () => {
    harness.engine.answerStart = async () => {
      await harness.completions.complete({ correlationId: 'a', status: 'ok' });
      return { id: 'instance-1' };
    };
    await start('a', { userId: 'u', n: 1 });
    const record = await harness.store.get('a');
    expect(harness.engine.starts).toEqual([
      {
        processKey: 'test',
        notAfter: expect.any(Number),
        businessKey: 'a',
        tenantId: null,
        definitionId: null,
        variables: {
          userId: expect.objectContaining({ type: 'String', value: 'u' }),
          n: expect.objectContaining({ type: 'Integer', value: 1 }),
          correlationId: expect.objectContaining({ value: 'a' }),
          batch_id: expect.objectContaining({ value: record?.batchId }),
          traceability_id: expect.objectContaining({ value: record?.traceabilityId }),
          application_id: expect.objectContaining({ value: record?.applicationId }),
          identifiers: expect.objectContaining({
            type: 'Json',
            value: JSON.stringify({ applicationId: record?.applicationId }),
          }),
        },
      },
    ]);
  });

  it.each([
    [
      new EngineResponseError(CALL, 404, 'RestException', 'No matching process definition', null),
      'unknown-process-definition',
    ],
    [
      new EngineResponseError(CALL, 400, 'InvalidRequestException', 'Unsupported value type', null),
      'invalid-variables',
    ],
  ])('removes the claim if the engine refuses the start for good: %s', async (error, code) => {
    harness.engine.answerStart = () => Promise.reject(error);
    const problem = await problemOf(start('a'));
    expect(problem.code).toBe(code);
    expect(problem.message).not.toMatch(/login|rolled/);
    expect(await harness.store.get('a')).toBeNull();
    expect(harness.waitroom.size).toBe(0);
  });

  it.each([
    new EngineResponseError(CALL, 500, 'ProcessEngineException', 'rolled back', 0),
    new EngineResponseError(CALL, 404, 'NotFoundException', 'HTTP 404 Not Found', null),
    new EngineUnreachableError(CALL, 'refused'),
    new EngineMisconfiguredError(CALL, 'login page', 401),
  ])('keeps the claim if the engine did not take the start, and starts it later: %s', async (error) => {
    harness.engine.answerStart = () => {
      harness.engine.answerStart = async () => {
        await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 'later' });
        return { id: 'instance-2' };
      };
      return Promise.reject(error);
    };
    const answer = await start('a');
    expect([answer.httpStatus, JSON.parse(answer.body)]).toEqual([
      200,
      expect.objectContaining({ data: 'later' }),
    ]);
    expect(harness.engine.starts).toHaveLength(2);
  });

  it('keeps the claim if it is unknown what the engine did', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '30' });
    harness.engine.answerStart = () => Promise.reject(new EngineAmbiguousError(CALL, 'time-out', null));
    const answer = await start('a');
    expect(answer.httpStatus).toBe(202);
    expect(await harness.store.get('a')).toMatchObject({ status: 'pending', joined: true });
  });

  it('sends nothing until our definition is deployed, and keeps the claim if the service stops first', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '30' });
    harness.engine.settled = false;
    const answer = await start('a');
    expect([answer.httpStatus, harness.engine.starts]).toEqual([202, []]);
    expect(harness.engine.whenDeployed).toHaveBeenCalled();
  });

  it('answers 404 for a mistyped key even without a wait', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '0', START_ACK_TIMEOUT_MS: '5000' });
    harness.engine.answerStart = () =>
      Promise.reject(
        new EngineResponseError(
          CALL,
          404,
          'RestException',
          'No matching process definition with key: test',
          null,
        ),
      );
    expect((await problemOf(start('a'))).status).toBe(404);
  });

  it('writes START_REJECTED, not 404, if a client got 202 before the refusal', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '10', START_ACK_TIMEOUT_MS: '10' });
    const held = heldStart();
    expect((await start('a')).httpStatus).toBe(202);
    held.fail(
      new EngineResponseError(
        CALL,
        404,
        'RestException',
        'No matching process definition with key: test',
        null,
      ),
    );
    const wait = harness.waitroom.createWait('a', 5_000);
    await wait.ended;
    expect(await harness.store.get('a')).toMatchObject({ status: 'error', errorCode: 'START_REJECTED' });
  });

  it('empties the variables of a waiting and of an attached start', async () => {
    const held = heldStart();
    const requestOf = (): StartCommand => ({
      processKey: 'test',
      correlationId: 'a',
      variables: { userId: 'x'.repeat(1_000) },
    });
    const [first, second] = [requestOf(), requestOf()];
    const answers = [harness.start(first, () => undefined)];
    await held.asked;
    answers.push(harness.start(second, () => undefined));
    await until(() => harness.waitroom.size === 2 && Object.keys(second.variables).length === 0);
    expect(first.variables).toEqual({});
    expect(Object.keys(harness.engine.starts[0]!.variables)).toContain('userId');
    held.answer('instance-1');
    await harness.completions.complete({ correlationId: 'a', status: 'ok' });
    expect((await Promise.all(answers)).map(({ httpStatus }) => httpStatus)).toEqual([200, 200]);
  });

  it('defers a start with long variables to the reconciler while too many bytes are in flight', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ START_IN_FLIGHT_MAX_BYTES: '65536', SYNC_TIMEOUT_MS: '0' });
    const userId = 'x'.repeat(40_000);
    const held = heldStart();
    const first = start('a', { userId });
    await held.asked;
    const sent = (): string[] => harness.engine.starts.map(({ businessKey }) => businessKey);
    expect((await start('b', { userId })).httpStatus).toBe(202);
    expect(await harness.store.get('b')).toMatchObject({ status: 'pending', startAttempts: 0 });
    harness.engine.answerStart = () => Promise.resolve({ id: `instance-${sent().length}` });
    await start('c', { userId: 'short' });
    expect(sent()).toEqual(['a', 'c']);
    held.answer('instance-a');
    await first;
    await until(() => {
      harness.reconciler.requestRound();
      return sent().length === 3;
    });
    expect(sent()).toEqual(['a', 'c', 'b']);
    expect(JSON.stringify(harness.engine.starts[2]!.variables.userId).includes(userId)).toBe(true);
  });

  it('does not change the next claim of an id if the refusal of its removed claim is late', async () => {
    const held = heldStart();
    const refused = problemOf(start('a'));
    await held.asked;
    const first = await harness.store.get('a');
    expect(await harness.store.releaseClaim(first!)).toBe(true);
    await harness.claim('a');
    const written = jest.spyOn(harness.outcomes, 'write');
    held.fail(new EngineResponseError(CALL, 404, 'RestException', 'No matching process definition', null));
    while (written.mock.results.length === 0) await new Promise(setImmediate);
    await written.mock.results[0]!.value;
    expect(await harness.store.get('a')).toMatchObject({ status: 'pending', claimId: 'claim-a' });
    harness.waitroom.clearAll();
    await refused.catch(() => undefined);
  });

  it('answers 404 if the refusal arrives while the 202 is prepared', async () => {
    await harness.close();
    harness = await ProcessHarness.open({ SYNC_TIMEOUT_MS: '10', START_ACK_TIMEOUT_MS: '10' });
    const held = heldStart();
    const original = harness.store.markJoined.bind(harness.store);
    jest.spyOn(harness.store, 'markJoined').mockImplementation(async (id) => {
      held.fail(
        new EngineResponseError(
          CALL,
          404,
          'RestException',
          'No matching process definition with key: test',
          null,
        ),
      );
      while ((await harness.store.get(id)) !== null) await new Promise(setImmediate);
      return original(id);
    });
    expect((await problemOf(start('a'))).status).toBe(404);
  });

  it('attaches an identical start to the running process', async () => {
    const held = heldStart();
    const first = start('a');
    await held.asked;
    const second = start('a');
    const claimed = await harness.store.markJoined('a');
    expect(claimed?.joined).toBe(true);
    held.answer('instance-1');
    while (harness.waitroom.size < 2) await new Promise(setImmediate);
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 1 });
    const [one, two] = await Promise.all([first, second]);
    expect([one.httpStatus, one.headers['idempotent-replayed']]).toEqual([200, undefined]);
    expect([two.httpStatus, two.headers['idempotent-replayed']]).toEqual([200, 'true']);
    expect(harness.engine.starts).toHaveLength(1);
  });

  it('reads the row again when it attaches, because the process may have ended in between', async () => {
    const held = heldStart();
    const first = start('a');
    await held.asked;
    const original = harness.store.markJoined.bind(harness.store);
    jest.spyOn(harness.store, 'markJoined').mockImplementation(async (id) => {
      const record = await original(id);
      jest.spyOn(harness.waitroom, 'completeWait').mockReturnValueOnce(0);
      await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 'between' });
      return record;
    });
    const second = await start('a');
    expect([second.httpStatus, JSON.parse(second.body)]).toEqual([
      200,
      expect.objectContaining({ data: 'between' }),
    ]);
    held.answer('instance-1');
    harness.waitroom.clearAll();
    expect((await first).httpStatus).toBe(200);
  });

  it('claims again if the claim to attach to was refused in the meantime', async () => {
    const held = heldStart();
    const first = problemOf(start('a'));
    await held.asked;
    const original = harness.store.markJoined.bind(harness.store);
    jest.spyOn(harness.store, 'markJoined').mockImplementationOnce(async (id) => {
      held.fail(
        new EngineResponseError(
          CALL,
          404,
          'RestException',
          'No matching process definition with key: test',
          null,
        ),
      );
      await first;
      harness.engine.answerStart = async () => {
        await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 'second claim' });
        return { id: 'instance-2' };
      };
      return original(id);
    });
    const second = await start('a');
    expect([second.httpStatus, harness.engine.starts.length]).toEqual([200, 2]);
    expect((await first).status).toBe(404);
  });

  it('refuses a different start with the same id', async () => {
    harness.engine.answerStart = async () => {
      await harness.completions.complete({ correlationId: 'a', status: 'ok' });
      return { id: 'instance-1' };
    };
    await start('a');
    expect((await problemOf(start('a', { userId: 'other' }))).code).toBe('correlation-id-conflict');
  });

  it('drops only the waiter of a client that is gone', async () => {
    const held = heldStart();
    let gone = (): void => undefined;
    const answer = start('a', { userId: 'u' }, (callback) => (gone = callback));
    await held.asked;
    held.answer('instance-1');
    gone();
    expect((await answer).httpStatus).toBe(202);
    expect(harness.waitroom.size).toBe(0);
    expect((await harness.store.get('a'))?.status).toBe('pending');
  });

  it('leaves no waiter behind if it cannot attach', async () => {
    const held = heldStart();
    const first = start('a');
    await held.asked;
    const away = new DatabaseUnavailableError(new Error('away'));
    jest.spyOn(harness.store, 'markJoined').mockRejectedValueOnce(away);
    await expect(start('a')).rejects.toBe(away);
    expect(harness.waitroom.size).toBe(1);
    held.answer('instance-1');
    await harness.completions.complete({ correlationId: 'a', status: 'ok' });
    await first;
  });

  it('refuses starts once the service stops, and awaits those in flight', async () => {
    const held = heldStart();
    const running = start('a');
    await held.asked;
    const stopped = harness.shutdown.stop();
    expect((await running).httpStatus).toBe(202);
    await expect(start('b')).rejects.toMatchObject({ code: 'service-stopping' });
    held.answer('instance-1');
    await stopped;
    expect(await harness.store.get('b').catch(() => null)).toBeNull();
  });

  it('checks the variables against the start schema, and sends additional variables too', async () => {
    expect((await problemOf(start('a', {}))).facts.errors).toEqual([
      { pointer: '/variables/userId', detail: expect.any(String) },
    ]);
    expect(await harness.store.get('a')).toBeNull();
  });

  it('writes the start event and the instance id, and deletes the stored variables', async () => {
    harness.engine.answerStart = async () => {
      await harness.completions.complete({ correlationId: 'a', status: 'ok' });
      return { id: 'instance-1' };
    };
    await start('a');
    await harness.shutdown.stop().catch(() => undefined);
    const record = harness.store.values().find(({ correlationId }) => correlationId === 'a');
    expect(record).toMatchObject({ processInstanceId: 'instance-1', startNextAt: null, version: 2 });
  });

  describe('while the database takes no writes', () => {
    /** The outcome of a process, in this run. */
    async function finish(correlationId: string): Promise<void> {
      await harness.completions.complete({ correlationId, status: 'ok', data: correlationId });
    }

    it('stores the instance of a start that the engine answers while the write queue is full', async () => {
      await harness.close();
      harness = await ProcessHarness.open({ WRITE_QUEUE_MAX_BYTES: '65536' });
      const held = heldStart();
      const answer = start('a');
      await held.asked;
      const release = await harness.holdDatabase();
      const refused: unknown[] = [];
      while (refused.length === 0) {
        harness.events.logEvent(probeEvent()).catch((error: unknown) => refused.push(error));
        await Promise.resolve();
      }
      const noted = jest.spyOn(harness.store, 'noteStarted');
      held.answer('instance-1');
      while (noted.mock.calls.length === 0) await new Promise(setImmediate);
      release();
      // Each waits for room of its own.
      await until(async () => (await harness.store.get('a'))?.processInstanceId === 'instance-1');
      await until(async () => (await harness.events.findEvents('a')).length === 1);
      expect(await harness.store.starts.findVariables('a')).toBeNull();
      await finish('a');
      await answer;
    });

    it('refuses a new start at once and stores nothing', async () => {
      const release = await harness.holdDatabase();
      const claim = jest.spyOn(harness.store, 'claim');
      await expect(start('a')).rejects.toMatchObject({
        code: 'store-unavailable',
        facts: { headers: { 'retry-after': '2' } },
      });
      expect(claim).not.toHaveBeenCalled();
      release();
      while (!harness.store.isWritable) await new Promise(setImmediate);
      expect([await harness.store.get('a'), harness.engine.starts]).toEqual([null, []]);
    });

    it('answers a repeated start, even if the table cannot be read', async () => {
      harness.engine.answerStart = async () => {
        await finish('a');
        return { id: 'instance-1' };
      };
      await start('a');
      const release = await harness.holdDatabase();
      const read = jest
        .spyOn(harness.database, 'read')
        .mockRejectedValue(new DatabaseUnavailableError(new Error('away')));
      expect(await start('a')).toMatchObject({ httpStatus: 200, headers: { 'idempotent-replayed': 'true' } });
      await expect(start('b')).rejects.toMatchObject({ temporarilyUnavailable: true });
      read.mockRestore();
      release();
    });

    it('cancels a claim that still waits, and starts a claim that commits late', async () => {
      const release = await harness.holdDatabase({ writeWaitMs: 100 });
      // As if the database had just failed: the service does not know it yet when the claims arrive.
      const writable = jest.spyOn(harness.store, 'isWritable', 'get').mockReturnValue(true);
      await expect(start('withdrawn')).rejects.toMatchObject({ name: 'WriteWithdrawnError' });
      release();
      writable.mockRestore();
      while (!harness.store.isWritable) await new Promise(setImmediate);

      // The service does not know of this fault either, so the claim is in a transaction when its time is over.
      const releaseAgain = await holdDatabase(harness.dataDir);
      harness.limitWriteWaits(100);
      await expect(start('unknown')).rejects.toMatchObject({ unconfirmed: { correlationId: 'unknown' } });
      releaseAgain();
      while (harness.engine.starts.length === 0) await new Promise(setImmediate);
      expect(harness.engine.starts.map(({ businessKey }) => businessKey)).toEqual(['unknown']);
      expect(await harness.store.get('withdrawn')).toBeNull();
    });
  });
});
