import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { failNextCommit } from '../src/database/testing/database.fixture.js';
import { ProcessMessageRepository } from '../src/process-message/index.js';
import type { ProcessRecord } from '../src/process-store/index.js';
import { RetentionFixture } from '../src/retention/testing/retention.fixture.js';
import { TaskDeliveryRepository } from '../src/task-delivery/task-delivery.repository.js';
import { claimOf, type Instance, openInstance } from './db/support/instance.js';
import { CommitProxy } from './support/commit.proxy.js';

const OWNER = 'host-1';
const LEASE_MS = 600_000;

/**
 * Each kind of write, with a commit whose answer is lost: the database has the rows, and the service finds that out by
 * reading them. On a server a proxy breaks the connection in place of the answer.
 */
describe('a write whose commit is confirmed by nobody', () => {
  let proxy: CommitProxy | null;
  let direct: Instance;
  let instance: Instance;
  let messages: ProcessMessageRepository;
  let deliveries: TaskDeliveryRepository;

  beforeEach(async () => {
    direct = await openInstance();
    const { server } = direct.fixture.config;
    proxy = server === null ? null : await CommitProxy.open(server);
    instance =
      server === null || proxy === null
        ? direct
        : await openInstance({ server: { ...server, host: '127.0.0.1', port: proxy.port } });
    const { database, queue } = instance.fixture;
    messages = new ProcessMessageRepository(database, queue);
    deliveries = new TaskDeliveryRepository(database, queue);
  });

  afterEach(async () => {
    if (instance !== direct) await instance.fixture.stop();
    await proxy?.close();
    await direct.fixture.remove();
  });

  /** The result of a write whose first commit succeeds without an answer. */
  async function inDoubt<T>(write: () => Promise<T>): Promise<T> {
    const { connection } = instance.fixture;
    const transaction = connection.transaction.bind(connection);
    let attempts = 0;
    connection.transaction = (work, options) => {
      attempts += 1;
      return transaction(work, options);
    };
    if (proxy === null) failNextCommit(instance.fixture, true);
    const lost = proxy?.loseNextAnswer();
    const result = await write();
    await lost;
    connection.transaction = transaction;
    expect(attempts).toBeGreaterThan(1);
    return result;
  }

  const rowOf = (correlationId: string) => direct.repository.findProcessStore(correlationId);

  async function claimed(correlationId: string, leaseMs = LEASE_MS): Promise<ProcessRecord> {
    return (await instance.store.claim(claimOf(correlationId, { leaseMs, startOwner: OWNER }))).record;
  }

  describe('of a process', () => {
    it('claims the id once, and for this claim', async () => {
      const { kind } = await inDoubt(() => instance.store.claim(claimOf('a')));
      expect(kind).toBe('claimed');
      expect(await rowOf('a')).toMatchObject({ claimId: 'claim-a', version: 1 });
      expect((await instance.store.claim(claimOf('a', { claimId: 'other' }))).kind).toBe('exists');
    });

    it('saves the outcome once', async () => {
      const seen = await claimed('a');
      const outcome = { origin: 'step', status: 'ok', data: '{"x":1}' } as const;
      expect(await inDoubt(() => instance.store.save(seen, { outcome }))).toMatchObject({ saved: true });
      expect(await rowOf('a')).toMatchObject({ version: 2, status: 'ok', data: '{"x":1}' });
    });

    it('loses to the outcome of another instance that came first', async () => {
      const seen = await claimed('a');
      await direct.store.save(seen, { outcome: { origin: 'http', status: 'ok', data: '{"x":2}' } });
      const outcome = { origin: 'step', status: 'ok', data: '{"x":1}' } as const;
      const saved = await inDoubt(() => instance.store.save(seen, { outcome }));
      expect(saved).toMatchObject({ saved: false, record: { data: '{"x":2}', version: 2 } });
    });

    it('notes a cancel, the instance and the joined state', async () => {
      const seen = await claimed('a');
      const cancel = { cancelRequestedAt: new Date() };
      expect(await inDoubt(() => instance.store.save(seen, cancel))).toMatchObject({ saved: true });
      expect(await inDoubt(() => instance.store.markJoined('a'))).toMatchObject({ joined: true });
      const started = await inDoubt(() => instance.store.noteStarted(seen, 'instance-1'));
      expect(started).toMatchObject({ processInstanceId: 'instance-1', version: 1 });
    });

    it('removes a refused claim, and says so', async () => {
      const lease = await claimed('a');
      expect(await inDoubt(() => instance.store.releaseClaim(lease))).toBe(true);
      expect(await rowOf('a')).toBeNull();
    });

    it('takes a lease, begins an attempt and releases the lease, each once', async () => {
      await claimed('a', 0);
      const lease = await inDoubt(() => instance.store.leaseStart('a', OWNER, LEASE_MS));
      expect(lease).toMatchObject({ startOwner: OWNER, startAttempts: 1 });
      const attempt = { lease: lease!, leaseMs: LEASE_MS, settleMs: 0 };
      const begun = await inDoubt(() => instance.store.beginStartAttempt(attempt));
      expect(begun).toMatchObject({ startOwner: OWNER, startAttempts: 2 });
      const schedule = { lease: begun!, nextInMs: 0, attempt: 'none' } as const;
      const released = await inDoubt(() => instance.store.rescheduleStart(schedule));
      expect(released).toMatchObject({ startOwner: null, startAttempts: 1 });
      expect(await rowOf('a')).toMatchObject({ startOwner: null, startAttempts: 1 });
    });

    it('begins an attempt once, also if the one in doubt has not settled', async () => {
      await claimed('a', 0);
      const first = await instance.store.leaseStart('a', OWNER, LEASE_MS);
      await instance.store.rescheduleStart({ lease: first!, nextInMs: 0, attempt: 'rolled-back' });
      const lease = (await instance.store.leaseStart('a', OWNER, LEASE_MS))!;
      const attempt = { lease, leaseMs: LEASE_MS, settleMs: LEASE_MS };
      const begun = await inDoubt(() => instance.store.beginStartAttempt(attempt));
      expect(begun).toMatchObject({ startAttempts: 2 });
      expect(await instance.store.beginStartAttempt({ ...attempt, lease: begun! })).toBeNull();
    });

    it('takes no lease and begins no attempt that another owner has', async () => {
      await claimed('a', 0);
      const lease = (await direct.store.leaseStart('a', 'host-2', LEASE_MS))!;
      expect(await inDoubt(() => instance.store.leaseStart('a', OWNER, LEASE_MS))).toBeNull();
      const old = { ...lease, startOwner: OWNER, startFence: 1 };
      const attempt = { lease: old, leaseMs: LEASE_MS, settleMs: 0 };
      expect(await inDoubt(() => instance.store.beginStartAttempt(attempt))).toBeNull();
      const schedule = { lease: old, nextInMs: 0, attempt: 'unchanged' } as const;
      expect(await inDoubt(() => instance.store.rescheduleStart(schedule))).toBeNull();
      expect(await inDoubt(() => instance.store.resolveStart(old))).toBeNull();
      expect(await rowOf('a')).toMatchObject({ startOwner: 'host-2', startAttempts: 1 });
    });

    it('reopens and resolves a start', async () => {
      await claimed('a', 0);
      expect(await inDoubt(() => instance.store.reopenStart('a', 0))).not.toBeNull();
      const lease = (await instance.store.leaseStart('a', OWNER, LEASE_MS))!;
      expect(await inDoubt(() => instance.store.resolveStart(lease))).toMatchObject({ startNextAt: null });
    });

    it('rejects a start under its lease', async () => {
      const lease = await claimed('a');
      const outcome = {
        origin: 'start-rejected',
        status: 'error',
        error: 'No.',
        errorCode: 'START_REJECTED',
      } as const;
      const change = { outcome, startResolved: true, underLease: lease };
      expect(await inDoubt(() => instance.store.save(lease, change))).toMatchObject({ saved: true });
    });
  });

  it('of events adds each event once, at its place', async () => {
    await inDoubt(() =>
      Promise.all(
        [1, 2, 3].map((step) =>
          instance.events.logEvent({ correlationId: 'a', stepName: 's', step, status: 'ok' }),
        ),
      ),
    );
    await instance.events.logEvent({ correlationId: 'a', stepName: 's', step: 4, status: 'ok' });
    const trail = await direct.events.findEvents('a');
    expect(trail.map(({ seq, step }) => [seq, step])).toEqual([1, 2, 3, 4].map((n) => [n, n]));
  });

  it('of a group with several kinds writes all of it once', async () => {
    const seen = await claimed('a');
    const [claim, saved] = await inDoubt(() =>
      Promise.all([
        instance.store.claim(claimOf('b')),
        instance.store.save(seen, { outcome: { origin: 'step', status: 'ok', data: '1' } }),
        instance.events.logEvent({ correlationId: 'a', stepName: 's', status: 'ok' }),
        messages.claim({ ...MESSAGE, messageId: 'm', claimId: 'one', owner: 'o', leaseMs: LEASE_MS }),
        deliveries.count('life', [{ taskId: 't', topic: 'p.s' }]),
      ]),
    );
    expect([claim.kind, saved.saved]).toEqual(['claimed', true]);
    expect(await direct.events.findEvents('a')).toHaveLength(1);
    expect(await deliveries.all()).toEqual([{ taskId: 't', crashes: 1 }]);
  });

  it('of crashed tasks counts each crash once, and forgets', async () => {
    const tasks = [
      { taskId: 't1', topic: 'p.s' },
      { taskId: 't2', topic: 'p.s' },
    ];
    await inDoubt(() => deliveries.count('life-1', tasks));
    await inDoubt(() => deliveries.count('life-2', tasks));
    const counts = (await deliveries.all()).map(({ crashes }) => crashes);
    expect(counts).toEqual([2, 2]);
    await inDoubt(() => deliveries.forget('t1'));
    expect(await deliveries.all()).toEqual([{ taskId: 't2', crashes: 2 }]);
  });

  describe('of a message', () => {
    const KEY = { messageId: 'm', claimId: 'one' };
    const claim = () => messages.claim({ ...MESSAGE, ...KEY, owner: 'o', leaseMs: LEASE_MS });

    it('claims its id once, and for this request', async () => {
      expect((await inDoubt(claim)).kind).toBe('claimed');
      expect(
        (await messages.claim({ ...MESSAGE, ...KEY, claimId: 'two', owner: 'p', leaseMs: 1 })).kind,
      ).toBe('exists');
    });

    it('takes its lease and begins an attempt, also if the one before has not settled for another one', async () => {
      await claim();
      await messages.release(KEY, 'o');
      const lease = { owner: 'p', leaseMs: LEASE_MS, deadOwner: null };
      const row = await inDoubt(() => messages.lease(KEY, lease));
      expect(row).toMatchObject({ leaseOwner: 'p' });
      // The last attempt is older than the minimum; the one that is now in doubt is not.
      const lastAttemptAt = new Date(Date.now() - 2 * LEASE_MS);
      const { connection } = direct.fixture;
      const old = connection.dialect.time(lastAttemptAt);
      await connection.transaction((sql) =>
        sql.execute('UPDATE process_message SET last_attempt_at = ?', [old]),
      );
      const attempt = {
        ...KEY,
        owner: 'p',
        leaseMs: LEASE_MS,
        correlationId: 'c2',
        processInstanceId: 'i2',
        settleMs: LEASE_MS,
        lastAttemptAt,
      };
      const begun = await inDoubt(() => messages.beginAttempt(attempt));
      expect(begun).toMatchObject({ leaseOwner: 'p', processInstanceId: 'i2' });
      const again = { ...attempt, lastAttemptAt: begun!.lastAttemptAt };
      expect(await inDoubt(() => messages.beginAttempt(again))).toBeNull();
    });

    it.each(['release', 'doubt'] as const)('gives its lease back: %s', async (end) => {
      await claim();
      expect(await inDoubt(() => messages[end](KEY, 'o'))).toMatchObject({ leaseOwner: null });
    });

    it('does not take the lease of another owner for one that was given back', async () => {
      await claim();
      expect(await inDoubt(() => messages.release(KEY, 'stranger'))).toBeNull();
    });

    it('settles it, and removes one that changed nothing', async () => {
      await claim();
      expect(await inDoubt(() => messages.settle(KEY))).toMatchObject({ state: 'correlated' });
      await messages.claim({ ...MESSAGE, messageId: 'n', claimId: 'two', owner: 'o', leaseMs: 1 });
      await inDoubt(() => messages.remove({ messageId: 'n', claimId: 'two', leaseOwner: 'o' }));
      expect(await messages.find('n')).toBeNull();
    });
  });

  it('of retention archives each row once, and counts the processes', async () => {
    const retention = RetentionFixture.over(instance.fixture);
    await retention.seed({ correlationId: 'old' }, { correlationId: 'older' });
    await retention.trail({ correlationId: 'old', events: 3 });
    const store = retention.store();
    const forget = jest.spyOn(store, 'remove');
    const { service } = retention.instance({ days: 30, mode: 'archive' }, store);
    await inDoubt(() => service.runNow());
    // The Map must not answer for an id that is free.
    expect(forget.mock.calls.map(([id]) => id).sort()).toEqual(['old', 'older']);
    expect(await retention.idsOf('process_store_archive')).toEqual(['old', 'older']);
    expect(await retention.idsOf('event_log_archive')).toEqual(['old', 'old', 'old']);
    expect([await retention.idsOf('process_store'), await retention.idsOf('event_log')]).toEqual([[], []]);
  });
});

/** A message for an instance. */
const MESSAGE = { requestHash: 'hash', correlationId: 'c1', processInstanceId: 'i1' };
