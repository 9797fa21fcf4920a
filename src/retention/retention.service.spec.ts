import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { SqlRow } from '../database/index.js';
import { refuseRows } from '../database/testing/database.obstacle.js';
import { BATCH_EVENTS } from './removal.js';
import { RetentionPace } from './retention.pace.js';
import { RetentionFixture, type RetentionInstance } from './testing/retention.fixture.js';

const ids = (count: number, prefix = 'p'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(5, '0')}`);

describe('RetentionService', () => {
  let fixture: RetentionFixture;
  let reports: Record<string, unknown>[];

  beforeEach(async () => {
    fixture = await RetentionFixture.open();
    reports = [];
    jest.spyOn(Logger.prototype, 'log').mockImplementation((message: unknown) => {
      if (typeof message === 'object') reports.push(message as Record<string, unknown>);
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture.database.remove();
  });

  /** Does something between the look of a run and its removal. */
  const betweenLookAndRemoval = ({ events }: RetentionInstance, work: () => Promise<unknown>): void => {
    const findPlaces = events.findPlaces.bind(events);
    jest.spyOn(events, 'findPlaces').mockImplementationOnce(async (...given) => {
      const places = await findPlaces(...given);
      await work();
      return places;
    });
  };

  it('moves final processes with their events as they are, and reports it', async () => {
    await fixture.seed(
      { correlationId: 'ok' },
      { correlationId: 'failed', status: 'error', errorCode: 'CANCELLED' },
      { correlationId: 'without-code', status: 'error' },
    );
    await fixture.trail(
      { correlationId: 'ok', events: 3 },
      { correlationId: 'failed', events: 1, ageDays: 1 },
    );
    await fixture.execute(
      "UPDATE process_store SET data = '{}', error = 'e', variables = 'v', process_instance_id = 'i', joined = 1",
    );
    const [processes, events] = [
      await fixture.rows('SELECT * FROM process_store ORDER BY correlation_id'),
      await fixture.rows('SELECT * FROM event_log ORDER BY event_key'),
    ];
    const began = Date.now();
    await fixture.instance().service.runNow();
    const ended = Date.now();
    const archived = [
      await fixture.rows('SELECT * FROM process_store_archive ORDER BY correlation_id'),
      await fixture.rows('SELECT * FROM event_log_archive ORDER BY event_key'),
    ];
    const original = ({ archived_at: _archivedAt, ...row }: SqlRow): SqlRow => row;
    expect(archived.map((rows) => rows.map(original))).toEqual([processes, events]);
    for (const row of archived.flat()) {
      const archivedAt = fixture.database.database.dialect.readTime(row.archived_at).getTime();
      expect(archivedAt).toBeGreaterThanOrEqual(began);
      expect(archivedAt).toBeLessThanOrEqual(ended);
    }
    expect([await fixture.idsOf('process_store'), await fixture.idsOf('event_log')]).toEqual([[], []]);
    expect(reports).toEqual([
      {
        msg: 'Old processes were archived.',
        processes: 3,
        events: 4,
        batches: 1,
        durationMs: expect.any(Number),
        interrupted: false,
      },
    ]);
  });

  it.each(['archive', 'delete'] as const)('deletes the claims of old messages with %s', async (mode) => {
    const { service, messages } = fixture.instance({ days: 30, mode });
    for (const messageId of ['old', 'young'])
      await messages.claim({
        messageId,
        requestHash: 'hash',
        claimId: messageId,
        correlationId: 'order-1',
        processInstanceId: null,
        owner: 'first',
        leaseMs: 1_000,
      });
    const { connection, database } = fixture.database;
    await connection.transaction((sql) =>
      sql.execute('UPDATE process_message SET created_at = ? WHERE message_id = ?', [
        database.dialect.time(new Date(Date.now() - 31 * 86_400_000)),
        'old',
      ]),
    );
    await service.runNow();
    expect([await messages.find('old'), (await messages.find('young'))?.claimId]).toEqual([null, 'young']);
  });

  it('recognises open errors by the origin of the outcome, or by the code if an older version wrote no origin', async () => {
    await fixture.seed(
      { correlationId: 'code-of-step', status: 'error', errorCode: 'INCIDENT', outcomeOrigin: 'step' },
      { correlationId: 'incident', status: 'error', errorCode: 'INCIDENT', outcomeOrigin: 'incident' },
      { correlationId: 'of-older', status: 'error', errorCode: 'INCIDENT' },
      { correlationId: 'replaced-by-older', status: 'error', errorCode: 'NO', outcomeOrigin: 'incident' },
      {
        correlationId: 'silent',
        status: 'error',
        errorCode: 'ENDED_WITHOUT_RESULT',
        outcomeOrigin: 'no-result',
      },
    );
    await fixture.instance().service.runNow();
    expect(await fixture.idsOf('process_store')).toEqual(['incident', 'of-older', 'silent']);
  });

  it('keeps open rows, young rows, and rows with work left to do in the engine', async () => {
    await fixture.seed(
      { correlationId: 'ended-without-result', status: 'error', errorCode: 'ENDED_WITHOUT_RESULT' },
      { correlationId: 'incident', status: 'error', errorCode: 'INCIDENT' },
      { correlationId: 'pending', status: 'pending' },
      { correlationId: 'surplus', status: 'error', errorCode: 'CANCELLED', startNextAt: new Date() },
      { correlationId: 'young', ageDays: 29 },
      { correlationId: 'zz-old' },
    );
    const staying = ['ended-without-result', 'incident', 'pending', 'surplus', 'young'];
    await fixture.trail(
      ...[...staying, 'zz-old'].map((correlationId) => ({ correlationId, events: 1, ageDays: 50 })),
    );
    await fixture.instance().service.runNow();
    expect(await fixture.idsOf('process_store')).toEqual(staying);
    expect(await fixture.idsOf('event_log')).toEqual(staying);
    expect(await fixture.idsOf('event_log_archive')).toEqual(['zz-old']);
  });

  it.each([
    ['is completed', "updated_at = '2999-01-01 00:00:00.000'"],
    ['becomes an incident', "status = 'error', error_code = 'INCIDENT'"],
    ['falls due for the reconciler', "start_next_at = '2026-01-01 00:00:00.000'"],
  ])('leaves a row that %s between the look and the removal', async (_what, change) => {
    await fixture.seed({ correlationId: 'a' }, { correlationId: 'b' });
    await fixture.trail({ correlationId: 'a', events: 2 }, { correlationId: 'b', events: 1 });
    const instance = fixture.instance();
    betweenLookAndRemoval(instance, () =>
      fixture.execute(`UPDATE process_store SET ${change} WHERE correlation_id = 'a'`),
    );
    await instance.service.runNow();
    expect([await fixture.idsOf('process_store'), await fixture.idsOf('event_log')]).toEqual([
      ['a'],
      ['a', 'a'],
    ]);
    expect(await fixture.idsOf('process_store_archive')).toEqual(['b']);
  });

  it('frees the id at once, also for an instance that had just read the row', async () => {
    await fixture.seed({ correlationId: 'a' });
    const [store, other] = [fixture.store(), fixture.store()];
    expect([(await store.get('a'))?.status, (await other.get('a'))?.status]).toEqual(['ok', 'ok']);
    await fixture.instance().service.runNow();
    expect([await store.get('a'), await other.get('a')]).toEqual([null, null]);
    const claim = {
      correlationId: 'a',
      processKey: 'test',
      variables: '{}',
      requestHash: 'h',
      claimId: 'new',
      batchId: 'b',
      traceabilityId: 't',
      applicationId: 'p',
      startOwner: 'o',
      leaseMs: 1_000,
    };
    expect(await store.claim(claim)).toMatchObject({ kind: 'claimed' });
    expect([(await store.get('a'))?.claimId, (await other.get('a'))?.claimId]).toEqual(['new', 'new']);
  });

  it('frees the id immediately in its own Map, also if a clock was set forward by days', async () => {
    const store = fixture.store();
    await store.insertFinished({ correlationId: 'a', outcome: { origin: 'step', status: 'ok', data: null } });
    await fixture.execute("UPDATE process_store SET updated_at = '2026-01-01 00:00:00.000'");
    expect(await store.get('a')).not.toBeNull();
    await fixture.instance({ days: 30, mode: 'archive' }, store).service.runNow();
    expect(await store.get('a')).toBeNull();
  });

  it('keeps what is young by the clock of the database, whatever the clock of the machine says', async () => {
    await fixture.seed({ correlationId: 'a', ageDays: 40 });
    const twentyDaysAgo = Date.now() - 20 * 86_400_000;
    jest.spyOn(fixture.database.database, 'now').mockReturnValue(new Date(twentyDaysAgo));
    await fixture.instance({ days: 30, mode: 'archive' }).service.runNow();
    expect(await fixture.idsOf('process_store')).toEqual(['a']);
  });

  it('archives an id again that was used again', async () => {
    for (const claimId of ['first', 'second']) {
      await fixture.seed({ correlationId: 'a', claimId });
      await fixture.trail({ correlationId: 'a', events: 2 });
      await fixture.instance().service.runNow();
    }
    expect(await fixture.rows('SELECT claim_id FROM process_store_archive ORDER BY claim_id')).toEqual([
      { claim_id: 'first' },
      { claim_id: 'second' },
    ]);
    expect(await fixture.rows('SELECT seq FROM event_log_archive ORDER BY event_key')).toEqual(
      [1, 2, 1, 2].map((seq) => ({ seq })),
    );
  });

  it('deletes with the mode `delete`', async () => {
    await fixture.seed({ correlationId: 'a' }, { correlationId: 'b', status: 'pending' });
    await fixture.trail({ correlationId: 'a', events: 2 }, { correlationId: 'nobody', events: 1 });
    await fixture.instance({ days: 30, mode: 'delete' }).service.runNow();
    expect([await fixture.idsOf('process_store'), await fixture.idsOf('event_log')]).toEqual([['b'], []]);
    expect(await fixture.idsOf('process_store_archive')).toEqual([]);
    expect(await fixture.idsOf('event_log_archive')).toEqual([]);
    expect(reports).toMatchObject([{ msg: 'Old processes were deleted.', processes: 1, events: 3 }]);
  });

  it('does nothing and logs nothing if RETENTION_DAYS is not set', async () => {
    await fixture.seed({ correlationId: 'a' });
    const { service } = fixture.instance({ days: null, mode: 'delete' });
    service.onApplicationBootstrap();
    await service.runNow();
    expect(await fixture.idsOf('process_store')).toEqual(['a']);
    expect(reports).toEqual([]);
  });

  it('logs at boot that it is on, and does not log a run that removed nothing', async () => {
    const { service } = fixture.instance({ days: 7, mode: 'archive' });
    service.onApplicationBootstrap();
    await service.runNow();
    expect(reports).toEqual([{ msg: 'Retention is on.', days: 7, mode: 'archive' }]);
  });

  it('ends between two batches when the service stops, and the next one goes on', async () => {
    await fixture.seed(...ids(250).map((correlationId) => ({ correlationId })));
    const { queue, shutdown } = fixture.database;
    const enqueue = queue.enqueue.bind(queue);
    let stopped: Promise<void> = Promise.resolve();
    jest.spyOn(queue, 'enqueue').mockImplementationOnce((kind, write) => {
      // It has begun, so that it is not taken back.
      const written = enqueue(kind, write);
      stopped = shutdown.stop();
      return written;
    });
    await fixture.instance().service.runNow();
    await stopped;
    expect(reports.filter(({ processes }) => processes !== undefined)).toMatchObject([
      { processes: 100, batches: 1, interrupted: true },
    ]);

    fixture = await fixture.reopen();
    expect(await fixture.idsOf('process_store')).toHaveLength(150);
    await fixture.instance().service.runNow();
    expect(await fixture.idsOf('process_store')).toEqual([]);
    expect(await fixture.idsOf('process_store_archive')).toEqual(ids(250));
  });

  it('cancels a batch that has not begun when the service stops', async () => {
    await fixture.seed({ correlationId: 'a' });
    const { queue, shutdown } = fixture.database;
    const enqueue = queue.enqueue.bind(queue);
    let stopped: Promise<void> = Promise.resolve();
    jest.spyOn(queue, 'enqueue').mockImplementationOnce((kind, write, options) => {
      const written = enqueue(kind, write, options);
      stopped = shutdown.stop();
      return written;
    });
    await fixture.instance().service.runNow();
    await stopped;
    fixture = await fixture.reopen();
    expect(await fixture.idsOf('process_store')).toEqual(['a']);
  });

  it('moves each row once if two instances run at the same time', async () => {
    const seeded = ids(350);
    await fixture.seed(...seeded.map((correlationId) => ({ correlationId })));
    await fixture.trail(...seeded.map((correlationId) => ({ correlationId, events: 2 })));
    await fixture.trail(...ids(700, 'foreign').map((correlationId) => ({ correlationId, events: 1 })));
    const instances = [fixture.instance(), fixture.instance()];
    await Promise.all(instances.map(({ service }) => service.runNow()));
    // Who found the other at work has left the rest to it.
    await instances[0]?.service.runNow();
    expect(await fixture.idsOf('process_store_archive')).toEqual(seeded);
    expect(await fixture.idsOf('event_log_archive')).toHaveLength(1_400);
    expect([await fixture.idsOf('process_store'), await fixture.idsOf('event_log')]).toEqual([[], []]);
    const sum = (name: string): number => reports.reduce((all, report) => all + Number(report[name]), 0);
    expect([sum('processes'), sum('events')]).toEqual([350, 1_400]);
  });

  it('allows writes of clients between any two batches', async () => {
    const seeded = ids(10_000);
    await fixture.seed(...seeded.map((correlationId) => ({ correlationId })));
    await fixture.trail(...seeded.map((correlationId) => ({ correlationId, events: 1 })));
    const store = fixture.store();
    const instance = fixture.instance();
    const { queue } = fixture.database;
    const enqueue = queue.enqueue.bind(queue);
    const written: number[] = [];
    const rests = jest.spyOn(RetentionPace.prototype, 'rest');
    let claims = 0;
    const over = new AbortController();
    jest.spyOn(queue, 'enqueue').mockImplementation(async (kind, write, options) => {
      const result = await enqueue(kind, write, options);
      if (kind.name === 'retention') written.push(claims);
      return result;
    });
    const client = (async () => {
      while (!over.signal.aborted) {
        await store.insertFinished({
          correlationId: `new-${claims}`,
          outcome: { origin: 'step', status: 'ok', data: null },
        });
        claims += 1;
      }
    })();
    await instance.service.runNow();
    over.abort();
    await client;
    expect(await fixture.idsOf('process_store_archive')).toEqual(seeded);
    expect(await fixture.idsOf('process_store')).toHaveLength(claims);
    expect(written).toHaveLength(100);
    const between = written.slice(1).map((count, index) => count - (written[index] ?? 0));
    expect(between.filter((count) => count === 0)).toEqual([]);
    // Behind each of them it rests for at least as long as it took.
    expect(rests.mock.calls.filter(([workedMs = 0]) => workedMs > 0)).toHaveLength(100);
  });

  it('moves a long trail in parts, and its process with the last of them', async () => {
    await fixture.seed({ correlationId: 'a' }, { correlationId: 'long' }, { correlationId: 'z' });
    await fixture.trail(
      { correlationId: 'a', events: 3 },
      { correlationId: 'long', events: 5_000 },
      { correlationId: 'z', events: 2 },
    );
    const instance = fixture.instance();
    const steps: { events: number; rows: number; first: number }[] = [];
    let before = 5_005;
    const findPlaces = instance.events.findPlaces.bind(instance.events);
    jest.spyOn(instance.events, 'findPlaces').mockImplementation(async (...given) => {
      const [row] = await fixture.rows(
        'SELECT (SELECT CAST(COUNT(*) AS INTEGER) FROM event_log) AS events, ' +
          "(SELECT CAST(COUNT(*) AS INTEGER) FROM process_store WHERE correlation_id = 'long') AS long_rows, " +
          "(SELECT MIN(seq) FROM event_log WHERE correlation_id = 'long') AS first",
      );
      const { events = 0, long_rows: rows = 0, first = 0 } = row as Record<string, number>;
      steps.push({ events: before - events, rows, first });
      before = events;
      return findPlaces(...given);
    });
    await instance.service.runNow();
    expect(Math.max(...steps.map(({ events }) => events))).toBeLessThanOrEqual(BATCH_EVENTS);
    // While a part of the trail is here its process is, and what is here is the end of the trail.
    expect(steps.filter(({ first }) => first > 1).length).toBeGreaterThanOrEqual(9);
    expect(steps.filter(({ first, rows }) => first > 1 && rows !== 1)).toEqual([]);
    expect(await fixture.idsOf('process_store_archive')).toEqual(['a', 'long', 'z']);
    expect(await fixture.idsOf('event_log_archive')).toHaveLength(5_005);
    expect(await fixture.idsOf('event_log')).toEqual([]);
  });

  it('moves old events whose process has no row', async () => {
    await fixture.seed({ correlationId: 'open', status: 'pending' });
    await fixture.trail(
      { correlationId: 'open', events: 2 },
      { correlationId: 'foreign', events: 3 },
      { correlationId: 'foreign-young', events: 1, ageDays: 29 },
    );
    await fixture.instance().service.runNow();
    expect(await fixture.idsOf('event_log')).toEqual(['foreign-young', 'open', 'open']);
    expect(await fixture.idsOf('event_log_archive')).toEqual(['foreign', 'foreign', 'foreign']);
    expect(reports).toMatchObject([{ processes: 0, events: 3, batches: 1 }]);
  });

  it('leaves the events of an id that is claimed between the look and the removal', async () => {
    await fixture.trail({ correlationId: 'foreign', events: 1 }, { correlationId: 'claimed', events: 1 });
    const instance = fixture.instance();
    const findExisting = instance.processes.findExisting.bind(instance.processes);
    jest.spyOn(instance.processes, 'findExisting').mockImplementationOnce(async (correlationIds) => {
      const known = await findExisting(correlationIds);
      await fixture.seed({ correlationId: 'claimed', status: 'pending', ageDays: 0 });
      return known;
    });
    await instance.service.runNow();
    expect(await fixture.idsOf('event_log')).toEqual(['claimed']);
  });

  it('skips a limited number of events that stay, and continues after them in the next run', async () => {
    await fixture.seed({ correlationId: 'open', status: 'pending' });
    await fixture.trail({ correlationId: 'open', events: 10_200, ageDays: 60 });
    await fixture.trail({ correlationId: 'foreign', events: 1 });
    const { service, events } = fixture.instance();
    const looks = jest.spyOn(events, 'findOlderThan');
    await service.runNow();
    expect(looks).toHaveBeenCalledTimes(20);
    expect(await fixture.idsOf('event_log_archive')).toEqual([]);
    await service.runNow();
    expect(looks).toHaveBeenCalledTimes(21);
    expect(await fixture.idsOf('event_log_archive')).toEqual(['foreign']);
    await service.runNow();
    expect(looks.mock.calls[21]?.[1]).toBeNull();
  });

  it('skips a row that the database refuses, logs it, and moves the others', async () => {
    await fixture.seed(...['a', 'poison', 'z'].map((correlationId) => ({ correlationId })));
    await fixture.trail({ correlationId: 'foreign', events: 1 }, { correlationId: 'poison', events: 2 });
    for (const table of ['process_store_archive', 'event_log_archive']) {
      await refuseRows(fixture.database, table, 'correlation_id', 'poison');
    }
    const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await fixture.instance().service.runNow();
    expect(await fixture.idsOf('process_store')).toEqual(['poison']);
    expect(await fixture.idsOf('event_log')).toEqual(['poison', 'poison']);
    expect(await fixture.idsOf('event_log_archive')).toEqual(['foreign']);
    expect(errors).toHaveBeenCalledWith(
      expect.objectContaining({
        msg: 'Retention skips a process: the database refuses to move it.',
        correlationId: 'poison',
      }),
    );
    expect(reports).toMatchObject([{ processes: 2, events: 1, interrupted: false }]);
  });

  it('reports the removed rows of a failed run', async () => {
    await fixture.seed(...ids(150).map((correlationId) => ({ correlationId })));
    const { service, events } = fixture.instance();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const findPlaces = events.findPlaces.bind(events);
    jest
      .spyOn(events, 'findPlaces')
      .mockImplementationOnce(findPlaces)
      .mockRejectedValueOnce(new Error('away'));
    await service.runNow();
    expect(reports).toMatchObject([{ processes: 100, batches: 1, interrupted: true }]);
  });
});
