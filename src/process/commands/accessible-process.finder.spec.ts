import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { accessOf } from '../../../test/support/access.js';
import { ProcessHarness } from '../../../test/support/process.harness.js';
import { ProcessAccess } from '../../auth/index.js';
import { canonicalHash } from '../../common/json/index.js';
import { until } from '../../common/testing/until.js';
import type { ProcessAnswer } from '../http/process-view.presenter.js';
import { AccessibleProcessFinder } from './accessible-process.finder.js';

const OWN_OF_ANN = accessOf('ann', 'process:read', 'own');

describe('the processes of other callers', () => {
  let harness: ProcessHarness;
  let finder: AccessibleProcessFinder;

  beforeEach(async () => {
    harness = await ProcessHarness.open();
    finder = new AccessibleProcessFinder(harness.store);
  });

  afterEach(async () => {
    await harness.close();
  });

  const start = (
    correlationId: string,
    owner: string | null,
    userId = 'u',
    access = ProcessAccess.all,
  ): Promise<ProcessAnswer> =>
    harness.start({
      processKey: 'test',
      correlationId,
      variables: { userId },
      starter: { owner, access },
    });

  /** Starts a process that waits; the request ends with the harness. */
  const startPending = async (correlationId: string, owner: string | null): Promise<void> => {
    void start(correlationId, owner).catch(() => undefined);
    await until(async () => (await harness.store.get(correlationId))?.processInstanceId != null);
  };

  /** Removes the claim of an id, as a refusal at another instance does, and claims the id for bob. */
  const replaceByBob = async (correlationId: string): Promise<void> => {
    const record = await harness.store.get(correlationId);
    expect(await harness.store.releaseClaim(record!)).toBe(true);
    await harness.claim(correlationId, { owner: 'bob', claimId: 'claim-of-bob' });
  };

  it('are found as fast as unknown ids: by one read of two short columns, whatever the Map holds', async () => {
    await harness.claim('ours', { owner: 'ann' });
    await harness.claim('held', { owner: 'bob' });
    await harness.claim('not-held', { owner: 'bob' });
    harness.store.remove('not-held');
    const reads: string[] = [];
    const { database } = harness;
    const read = database.read.bind(database);
    jest.spyOn(database, 'read').mockImplementation((sql, parameters) => {
      reads.push(sql);
      return read(sql, parameters);
    });
    const readsOf = async (id: string): Promise<readonly string[]> => {
      reads.length = 0;
      expect(await finder.find(id, OWN_OF_ANN)).toBeNull();
      return [...reads];
    };
    const unknown = await readsOf('unknown');
    expect(unknown).toEqual(['SELECT process_key, owner FROM process_store WHERE correlation_id = ?']);
    expect([await readsOf('held'), await readsOf('not-held')]).toEqual([unknown, unknown]);
    reads.length = 0;
    expect(await finder.find('ours', OWN_OF_ANN)).toMatchObject({ correlationId: 'ours' });
    expect(reads).toEqual([]);
  });

  it('are not shown to a request that waits while the id changes hands', async () => {
    await harness.claim('a', { owner: 'ann' });
    const waiting = harness.statuses.status('a', {
      waitMs: 5_000,
      held: null,
      access: OWN_OF_ANN,
      onClientGone: () => undefined,
    });
    const outcome = waiting.then(
      ({ body }) => body,
      (error: unknown) => (error as { code: string }).code,
    );
    await until(() => harness.waitroom.size === 1);
    await replaceByBob('a');
    await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 'secret' });
    expect(await outcome).toBe('unknown-process');
  });

  it('are neither cancelled nor completed if the id changes hands in between', async () => {
    await harness.claim('a', { owner: 'ann' });
    const find = jest.spyOn(AccessibleProcessFinder.prototype, 'find').mockImplementation(async () => {
      const record = await harness.store.get('a');
      await harness.store.releaseClaim(record!);
      await harness.claim('a', { owner: 'bob', claimId: 'claim-of-bob' });
      return record;
    });
    try {
      expect(await harness.cancels.cancel('a', undefined, undefined, OWN_OF_ANN)).toEqual({
        kind: 'unknown',
      });
      const completion = { correlationId: 'a', status: 'ok', access: OWN_OF_ANN } as const;
      expect(await harness.completions.complete(completion)).toEqual({ kind: 'unknown' });
    } finally {
      find.mockRestore();
    }
    expect(await harness.store.get('a')).toMatchObject({
      owner: 'bob',
      status: 'pending',
      cancelRequestedAt: null,
    });
    expect(await harness.events.findEvents('a')).toEqual([]);
  });

  it('end an open stream of events', async () => {
    await harness.claim('a', { owner: 'ann' });
    const events = harness.trails;
    const { body } = await events.stream('a', 0, () => undefined, OWN_OF_ANN);
    let text = '';
    body.on('data', (chunk: Buffer | string) => (text += chunk.toString()));
    const ended = new Promise((resolve) => body.on('end', resolve));
    await until(() => text.length > 0);
    await replaceByBob('a');
    await harness.events.logEvent({ correlationId: 'a', stepName: 'start', status: 'ok', result: 'secret' });
    await ended;
    expect(text).not.toContain('secret');
    await expect(events.stream('a', 0, () => undefined, OWN_OF_ANN)).rejects.toMatchObject({
      code: 'unknown-process',
    });
  });

  describe('a start with their id', () => {
    it.each<[string | null, string | null, ProcessAccess, boolean]>([
      ['ann', 'ann', ProcessAccess.all, true],
      ['ann', 'ann', accessOf('ann', 'process:start', 'own'), true],
      ['ann', 'bob', ProcessAccess.all, false],
      [null, 'bob', ProcessAccess.all, true],
      [null, 'bob', accessOf('bob', 'process:start', 'own'), false],
      ['ann', null, ProcessAccess.all, true],
    ])('of %s attaches if %s makes it with %o: %s', async (first, second, access, attaches) => {
      await startPending('a', first);
      expect(await harness.store.get('a')).toMatchObject({ owner: first });
      await harness.completions.complete({ correlationId: 'a', status: 'ok', data: 'secret' });
      const again = start('a', second, 'u', access);
      if (attaches) expect((await again).headers['idempotent-replayed']).toBe('true');
      else
        await expect(again).rejects.toMatchObject({
          code: 'correlation-id-conflict',
          facts: { members: { correlationId: 'a' } },
        });
    });

    it('does not wait for the process of another caller that takes the id meanwhile', async () => {
      await harness.claim('a', {
        owner: 'ann',
        requestHash: canonicalHash({ processKey: 'test', variables: { userId: 'u' } }),
      });
      const original = harness.store.markJoined.bind(harness.store);
      jest.spyOn(harness.store, 'markJoined').mockImplementationOnce(async (id, options) => {
        await replaceByBob('a');
        return original(id, options);
      });
      await expect(start('a', 'ann')).rejects.toMatchObject({ code: 'correlation-id-conflict' });
    });
  });

  it('names the owner in the event of the start', async () => {
    await startPending('a', 'ann');
    await startPending('b', null);
    const metadataOf = async (id: string): Promise<unknown> => {
      await until(async () => (await harness.events.findEvents(id)).length > 0);
      return (await harness.events.findEvents(id))[0]?.metadata;
    };
    expect(await metadataOf('a')).toEqual({ processInstanceId: expect.any(String), owner: 'ann' });
    expect(await metadataOf('b')).toEqual({ processInstanceId: expect.any(String) });
  });
});
