import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { until } from '../../src/common/testing/until.js';
import { Logger } from '@nestjs/common';
import { lockWrites } from '../../src/database/testing/database.obstacle.js';
import { RetentionFixture } from '../../src/retention/testing/retention.fixture.js';
import { TaskDeliveryRepository } from '../../src/task-delivery/task-delivery.repository.js';
import { claimOf, type Instance, openInstance } from './support/instance.js';
import { ServerSession } from './support/server.session.js';

const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `id-${String(index).padStart(4, '0')}`);

describe('two instances on one database', () => {
  let here: Instance;
  let there: Instance;

  beforeEach(async () => {
    here = await openInstance();
    there = await openInstance({ server: here.fixture.config.server });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await there.fixture.stop();
    await here.fixture.remove();
  });

  const both = (): readonly Instance[] => [here, there];

  /** Claims ids on both in parallel; the claim id identifies the claimant. */
  const claimAll = (correlationIds: readonly string[]) =>
    Promise.all(
      both().map(({ store }, instance) =>
        Promise.all(
          correlationIds.map((correlationId) =>
            store.claim(claimOf(correlationId, { claimId: `${instance}-${correlationId}` })),
          ),
        ),
      ),
    );

  const markers = async (): Promise<number> =>
    (await here.fixture.database.read('SELECT seq FROM event_log WHERE metadata IS NOT NULL')).length;

  it('let one of them win each claim, and both see the winner', async () => {
    const seeded = ids(200);
    const [mine = [], theirs = []] = await claimAll(seeded);
    for (const [index, correlationId] of seeded.entries()) {
      const claims = [mine[index]!, theirs[index]!];
      expect(claims.map(({ kind }) => kind).sort()).toEqual(['claimed', 'exists']);
      const winner = claims.findIndex(({ kind }) => kind === 'claimed');
      expect(claims.map(({ record }) => record.claimId)).toEqual(Array(2).fill(`${winner}-${correlationId}`));
      const row = await here.repository.findProcessStore(correlationId);
      expect(row?.claimId).toBe(`${winner}-${correlationId}`);
    }
  });

  it('write while more reads run than there are connections', async () => {
    const { fixture, store } = here;
    const { server } = fixture.config;
    const sleep =
      server?.type === 'mssql'
        ? "WAITFOR DELAY '00:00:00.3'; SELECT 1 AS slept"
        : 'SELECT 1 AS slept FROM pg_sleep(0.3)';
    const reads = Array.from({ length: 5 * (server?.poolMax ?? 0) }, () => fixture.database.read(sleep));
    let finished = 0;
    const allRead = Promise.all(reads.map((read) => read.then(() => (finished += 1))));
    expect((await store.claim(claimOf('among-readers'))).kind).toBe('claimed');
    // In the queue of the readers it would be among the last.
    expect(finished).toBeLessThan(reads.length / 2);
    await allRead;
  });

  it('write every event of the same trails, without a gap, a duplicate or an error', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const seeded = ids(20);
    const eventsEach = 500;
    await Promise.all(
      both().flatMap(({ events }, instance) =>
        Array.from({ length: eventsEach }, (_, index) =>
          seeded.map((correlationId) =>
            events.logEvent({ correlationId, stepName: `${instance}`, step: index, status: 'ok' }),
          ),
        ).flat(),
      ),
    );
    for (const correlationId of seeded) {
      const trail = await here.events.findEvents(correlationId, { limit: 5_000 });
      expect(trail.map(({ seq }) => seq)).toEqual(
        Array.from({ length: 2 * eventsEach }, (_, index) => index + 1),
      );
      // Each instance keeps its order.
      for (const instance of ['0', '1'])
        expect(trail.filter(({ stepName }) => stepName === instance).map(({ step }) => step)).toEqual(
          Array.from({ length: eventsEach }, (_, index) => index),
        );
    }
    expect(await markers()).toBe(0);
    expect(errors).not.toHaveBeenCalled();
    expect(both().map(({ fixture }) => fixture.queue.available)).toEqual([true, true]);
  }, 120_000);

  it('lose no event if many write to few trails without a pause', async () => {
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { server } = here.fixture.config;
    const others = await Promise.all([openInstance({ server }), openInstance({ server })]);
    const instances = [...both(), ...others];
    const rounds = Array.from({ length: 40 }, (_, round) => round);
    const seeded = ids(3);
    try {
      await Promise.all(
        instances.map(async ({ events }) => {
          for (const round of rounds) {
            await Promise.all(
              Array.from({ length: 10 }, (_, index) =>
                seeded.map((correlationId) =>
                  events.logEvent({ correlationId, stepName: 's', step: 10 * round + index, status: 'ok' }),
                ),
              ).flat(),
            );
          }
        }),
      );
    } finally {
      for (const { fixture } of others) await fixture.stop();
    }
    const each = instances.length * 10 * rounds.length;
    for (const correlationId of seeded) {
      const trail = await here.events.findEvents(correlationId, { limit: 5_000 });
      expect(trail.map(({ seq }) => seq)).toEqual(Array.from({ length: each }, (_, index) => index + 1));
    }
    expect(await markers()).toBe(0);
    expect(errors).not.toHaveBeenCalled();
  }, 120_000);

  it('save one of two outcomes of a row, and return it to both', async () => {
    const seeded = ids(100);
    const claimed = await claimAll(seeded);
    const rows = seeded.map((_, index) =>
      claimed.map((each) => each[index]!).find(({ kind }) => kind === 'claimed'),
    );
    const saved = await Promise.all(
      both().map(({ store }, instance) =>
        Promise.all(
          rows.map((row) =>
            store.save(row!.record, {
              outcome: { origin: 'step', status: 'ok', data: `{"by":${instance}}` },
            }),
          ),
        ),
      ),
    );
    for (const [index, correlationId] of seeded.entries()) {
      const results = saved.map((each) => each[index]!);
      expect(results.map((each) => each.saved).sort()).toEqual([false, true]);
      const winner = results.findIndex((each) => each.saved);
      const row = await there.repository.findProcessStore(correlationId);
      expect(row).toMatchObject({ status: 'ok', data: `{"by":${winner}}`, version: 2 });
      expect(results.map(({ record }) => record?.data)).toEqual([row?.data, row?.data]);
    }
  });

  it('are repeated after a deadlock, and both writes succeed', async () => {
    const session = await ServerSession.open(here.fixture.config.server);
    const kinds = jest.spyOn(here.fixture.connection.dialect, 'errorKind');
    const wasVictim = (): boolean => kinds.mock.results.some(({ value }) => value === 'contended');
    try {
      // PostgreSQL aborts the first transaction that looks for a deadlock, a second after it began to wait: on a busy
      // machine that may be the other one.
      for (let round = 0; !wasVictim() && round < 20; round += 1) {
        await deadlock(session, `a-${round}`, `b-${round}`);
        for (const id of [`a-${round}`, `b-${round}`])
          expect(await here.repository.findProcessStore(id)).toMatchObject({ status: 'ok', data: '1' });
      }
      expect(wasVictim()).toBe(true);
    } finally {
      await session.close();
    }
  });

  /** Saves two rows in one transaction while another one updates them in the opposite order. */
  async function deadlock(session: ServerSession, first: string, second: string): Promise<void> {
    // In the same batch as its statement: sp_executesql resets what a statement has set.
    const priority = here.fixture.config.server?.type === 'mssql' ? 'SET DEADLOCK_PRIORITY HIGH; ' : '';
    const update = (id: string): Promise<unknown> =>
      session.query(
        `${priority}UPDATE ${session.table('process_store')} SET batch_id = 'theirs' WHERE correlation_id = '${id}'`,
      );
    const records = await Promise.all(
      [first, second].map(async (id) => (await here.store.claim(claimOf(id))).record),
    );
    await session.runner.startTransaction();
    await update(second);
    const saves = records.map((record) =>
      here.store.save(record, { outcome: { origin: 'step', status: 'ok', data: '1' } }),
    );
    await session.untilAnotherWaits();
    await update(first).then(
      () => session.runner.commitTransaction(),
      () => session.runner.rollbackTransaction(),
    );
    expect((await Promise.all(saves)).map(({ saved }) => saved)).toEqual([true, true]);
  }

  it('wait while another session holds a lock longer than the statement timeout, and continue without a restart', async () => {
    const unlock = await lockWrites(here.fixture, 'event_log');
    const log = (correlationId: string, step: number): Promise<void> =>
      here.events.logEvent({ correlationId, stepName: 's', step, status: 'ok' });
    const first = Array.from({ length: 10 }, (_, step) => ['a', 'b'].map((id) => log(id, step))).flat();
    const claim = here.store.claim(claimOf('a'));
    await until(() => !here.fixture.queue.available);
    const later = Array.from({ length: 10 }, (_, step) => ['a', 'b'].map((id) => log(id, 10 + step))).flat();
    // Reads are not blocked.
    expect(await here.store.get('unknown')).toBeNull();
    await unlock();
    await Promise.all([...first, ...later]);
    expect((await claim).kind).toBe('claimed');
    expect(here.fixture.queue.available).toBe(true);
    for (const id of ['a', 'b']) {
      const trail = await there.events.findEvents(id);
      expect(trail.map(({ seq, step }) => [seq, step])).toEqual(
        Array.from({ length: 20 }, (_, step) => [step + 1, step]),
      );
    }
    expect(await markers()).toBe(0);
  });

  it('return the existing claim to all except the first claimant, also while claims are removed', async () => {
    const rounds = Array.from({ length: 150 }, (_, round) => round);
    await Promise.all(
      both().map(async ({ store }, instance) => {
        for (const round of rounds) {
          const claimId = `${instance}-${round}`;
          const { kind, record } = await store.claim(claimOf('a', { claimId }));
          expect([kind, record.claimId === claimId]).toEqual([kind, kind === 'claimed']);
          if (kind === 'claimed') expect(await store.releaseClaim(record)).toBe(true);
        }
      }),
    );
    expect(await here.repository.findProcessStore('a')).toBeNull();
  });

  it('write each event once if the server ends their connections at any point', async () => {
    const { server } = here.fixture.config;
    const alone = await openInstance({ server });
    const { connection } = alone.fixture;
    const session = await ServerSession.open(server);
    const isPostgres = server?.type === 'postgres';
    // The session of the connection that writes.
    const sessionId = async (): Promise<number> => {
      for (;;) {
        try {
          const [row] = await connection.transaction((sql) =>
            sql.query(isPostgres ? 'SELECT pg_backend_pid() AS id' : 'SELECT CAST(@@SPID AS int) AS id'),
          );
          return row?.id as number;
        } catch (error) {
          expect(connection.dialect.errorKind(error)).toBe('unavailable');
        }
      }
    };
    try {
      const rounds = Array.from({ length: 12 }, (_, round) => round);
      for (const round of rounds) {
        const id = await sessionId();
        const transaction = jest.spyOn(connection, 'transaction');
        const written = Array.from({ length: 50 }, (_, index) =>
          alone.events.logEvent({
            correlationId: 'a',
            stepName: 's',
            step: 50 * round + index,
            status: 'ok',
          }),
        );
        const claim = alone.store.claim(claimOf(`id-${round}`));
        await until(() => transaction.mock.calls.length > 0);
        // At a random point from its BEGIN to after its COMMIT.
        await new Promise((resolve) => setTimeout(resolve, round));
        await session.query(isPostgres ? `SELECT pg_terminate_backend(${id})` : `KILL ${id}`);
        await Promise.all(written);
        expect(await claim).toMatchObject({ kind: 'claimed', record: { claimId: `claim-id-${round}` } });
        transaction.mockRestore();
      }
      const trail = await here.events.findEvents('a', { limit: 1_000 });
      expect(trail.map(({ seq, step }) => [seq, step])).toEqual(
        Array.from({ length: 50 * rounds.length }, (_, index) => [index + 1, index]),
      );
    } finally {
      await session.close();
      await alone.fixture.stop();
    }
  });

  it('count a crash once if the commit of an earlier attempt finishes during the next one', async () => {
    const { fixture } = here;
    const deliveries = new TaskDeliveryRepository(fixture.database, fixture.queue);
    await deliveries.count('life-1', [{ taskId: 't', topic: 'p.s' }]);
    // The earlier attempt: its statement is executed, its commit takes long, and its client has given up.
    const session = await ServerSession.open(fixture.config.server);
    try {
      await session.runner.startTransaction();
      await session.query(
        `UPDATE ${session.table('task_delivery')} SET deaths = deaths + 1, last_life = 'life-2' WHERE task_id = 't'`,
      );
      const counted = deliveries.count('life-2', [{ taskId: 't', topic: 'p.s' }]);
      await session.untilAnotherWaits();
      await session.runner.commitTransaction();
      await counted;
      expect(await deliveries.all()).toEqual([{ taskId: 't', crashes: 2 }]);
    } finally {
      await session.close();
    }
  });

  it('archive old rows once', async () => {
    const [mine, theirs] = both().map(({ fixture }) => RetentionFixture.over(fixture));
    const seeded = ids(350);
    await mine!.seed(...seeded.map((correlationId) => ({ correlationId })));
    await mine!.trail(...seeded.map((correlationId) => ({ correlationId, events: 3 })));
    await mine!.trail(...ids(600).map((id) => ({ correlationId: `foreign-${id}`, events: 1 })));
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await Promise.all([mine, theirs].map((each) => each!.instance().service.runNow()));
    // An instance that found the other at work has stopped.
    await mine!.instance().service.runNow();
    expect(errors).not.toHaveBeenCalled();
    expect(await mine!.idsOf('process_store_archive')).toEqual(seeded);
    expect(await mine!.idsOf('event_log_archive')).toHaveLength(350 * 3 + 600);
    expect([await mine!.idsOf('process_store'), await mine!.idsOf('event_log')]).toEqual([[], []]);
  });
});
