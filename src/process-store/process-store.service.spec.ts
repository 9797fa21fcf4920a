import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type DatabaseFixture, failNextCommit, openDatabase } from '../database/testing/database.fixture.js';
import { testDatabase } from '../database/testing/database.target.js';
import { InvalidCursorError } from './process-cursor.js';
import { ProcessStartRepository } from './process-start.repository.js';
import { ProcessStoreRepository } from './process-store.repository.js';
import { ProcessStoreService } from './process-store.service.js';
import type { Claim, StartLease } from './process-store.types.js';
import type { ListRestriction, Outcome, ProcessPage, ProcessQuery, ProcessRecord } from './process-record.js';

const OK: Outcome = { origin: 'step', status: 'ok', data: '{"n": 1.0}' };
/** What the write queue needs to run beside a fake clock. */
const NO_FAKES = ['setImmediate', 'nextTick', 'setTimeout', 'clearTimeout', 'queueMicrotask'] as const;

const INCIDENT: Outcome = { origin: 'incident', status: 'error', error: 'stuck', errorCode: 'INCIDENT' };

describe('ProcessStoreService', () => {
  let fixture: DatabaseFixture;
  let repository: ProcessStoreRepository;
  let store: ProcessStoreService;

  function makeStore(): void {
    repository = new ProcessStoreRepository(fixture.database);
    const { queue, database, config, shutdown } = fixture;
    store = new ProcessStoreService(
      repository,
      new ProcessStartRepository(fixture.database),
      queue,
      database,
      config,
      shutdown,
    );
  }

  beforeEach(async () => {
    fixture = await openDatabase();
    makeStore();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    await fixture.remove();
  });

  const claimOf = (correlationId: string, changes: Partial<Claim> = {}): Claim => ({
    correlationId,
    processKey: 'onboard-user',
    variables: '{"userId":"u"}',
    requestHash: 'h'.repeat(64),
    claimId: `claim-${correlationId}`,
    batchId: 'b',
    traceabilityId: 't',
    applicationId: 'a',
    startOwner: 'host-1',
    leaseMs: 15_000,
    ...changes,
  });

  /** Times that a test sets, also for the database, whose own clock is that of its server. */
  const fakeTimes = (): void => {
    jest.useFakeTimers({ doNotFake: [...NO_FAKES] });
    fakeDatabaseTime();
  };

  const fakeDatabaseTime = (): void => {
    jest.spyOn(fixture.database, 'now').mockImplementation(() => new Date());
  };

  /** The lease of {@link claimOf}. */
  const leaseOf = (correlationId: string): StartLease => ({
    correlationId,
    claimId: `claim-${correlationId}`,
    startOwner: 'host-1',
    startFence: 1,
  });

  /** The row of {@link claimOf} as its insert leaves it. */
  const asClaimed = (correlationId: string) => ({
    correlationId,
    claimId: `claim-${correlationId}`,
    version: 1,
  });

  const claimed = async (id: string, changes: Partial<Claim> = {}): Promise<ProcessRecord> =>
    (await store.claim(claimOf(id, changes))).record;

  const stored = (id: string): Promise<ProcessRecord | null> => repository.findProcessStore(id);

  const failCommitOnce = (): void => {
    failNextCommit(fixture, true);
  };

  describe('claim', () => {
    it('inserts a pending row with its lease by the clock of the database', async () => {
      const { kind, record } = await store.claim(claimOf('a'));
      expect(kind).toBe('claimed');
      expect(record).toMatchObject({
        status: 'pending',
        version: 1,
        startAttempts: 1,
        joined: false,
        data: null,
      });
      expect(record.startLeaseUntil!.getTime() - record.startLastAttemptAt!.getTime()).toBe(15_000);
      expect(record.startNextAt).toEqual(record.startLeaseUntil);
      expect(await stored('a')).toEqual(record);
    });

    it('keeps tenant, version tag and owner, also after the start and the outcome', async () => {
      const given = { tenantId: 'bank', versionTag: '1.2', owner: 'jwt:https://issuer#' + 'x'.repeat(236) };
      expect(await claimed('a', given)).toMatchObject(given);
      expect(await claimed('b')).toMatchObject({ tenantId: null, versionTag: null, owner: null });
      await store.noteStarted(leaseOf('a'), 'i-1');
      const { record } = (await store.update('a', () => ({
        change: { outcome: { origin: 'step', status: 'ok', data: null } },
      }))) as { readonly record: ProcessRecord };
      expect(record).toMatchObject(given);
      expect(await stored('a')).toEqual(record);
    });

    it('gives an id to the first of two claims of one group, and its row to both', async () => {
      const [first, second] = await Promise.all([
        store.claim(claimOf('a', { claimId: '1' })),
        store.claim(claimOf('a', { claimId: '2' })),
      ]);
      expect([first.kind, second.kind]).toEqual(['claimed', 'exists']);
      expect(second.record.claimId).toBe('1');
    });

    it('distinguishes ids that differ in case only', async () => {
      expect((await store.claim(claimOf('User'))).kind).toBe('claimed');
      expect((await store.claim(claimOf('user'))).kind).toBe('claimed');
    });

    it('recognises its own row after a commit that was in doubt', async () => {
      failCommitOnce();
      expect((await store.claim(claimOf('a'))).kind).toBe('claimed');
    });

    it('writes many claims together, with 255 characters, emoji and a megabyte of variables', async () => {
      const ids = Array.from({ length: 150 }, (_, index) => `${index}-`.padEnd(255, 'x'));
      await Promise.all(ids.map((id) => claimed(id, { claimId: id.slice(0, 36) })));
      fixture = await reopened();
      expect((await stored(ids[149]!))?.correlationId).toBe(ids[149]);
      const variables = JSON.stringify({ text: '😀'.repeat(200_000) });
      await claimed('big', { variables });
      expect(await store.starts.findVariables('big')).toBe(variables);
    });
  });

  async function reopened(): Promise<DatabaseFixture> {
    fixture = await fixture.reopen();
    makeStore();
    return fixture;
  }

  it('shows a claim that follows an outcome in one group the outcome, and keeps the Map current', async () => {
    await claimed('a');
    const saved = store.save(asClaimed('a'), { outcome: OK });
    const [, late] = await Promise.all([
      saved,
      store.claim(claimOf('a', { claimId: 'late' })),
      store.claim(claimOf('b')),
    ]);
    expect(late).toMatchObject({ kind: 'exists', record: { status: 'ok' } });
    expect((await store.get('a'))?.status).toBe('ok');
  });

  describe('save', () => {
    it('changes the row of the expected version and serves the text unchanged', async () => {
      const { startedAt } = await claimed('a');
      const result = await store.save(asClaimed('a'), { outcome: OK, outcomeStep: 'prepare-response' });
      expect(result).toMatchObject({ saved: true, record: { status: 'ok', data: '{"n": 1.0}', version: 2 } });
      expect(await stored('a')).toMatchObject({ startedAt, outcomeStep: 'prepare-response', version: 2 });
      expect(await store.get('a')).toEqual(await stored('a'));
    });

    it('accepts one of two changes of the same version, and returns its row to the other', async () => {
      await claimed('a');
      const [first, second] = await Promise.all([
        store.save(asClaimed('a'), { outcome: OK }),
        store.save(asClaimed('a'), { outcome: INCIDENT }),
      ]);
      expect(first.saved).toBe(true);
      expect(second).toEqual({ saved: false, record: first.record });
    });

    it('does not change the next row of an id whose claim was removed, even at the same version', async () => {
      const removed = await claimed('a');
      await store.releaseClaim(removed);
      const { record: next } = await store.insertFinished({ correlationId: 'a', outcome: OK });
      expect(next.version).toBe(removed.version);
      expect(await store.save(removed, { outcome: INCIDENT })).toEqual({ saved: false, record: next });
      expect(await stored('a')).toEqual(next);
    });

    it('returns null if there is no row', async () => {
      expect(await store.save(asClaimed('nobody'), { outcome: OK })).toEqual({ saved: false, record: null });
    });

    it('changes neither version nor updatedAt for values that clients do not see', async () => {
      const before = await claimed('a');
      const at = new Date('2026-01-02T03:04:05.678Z');
      const result = await store.save(asClaimed('a'), { cancelRequestedAt: at, processInstanceId: 'i' });
      expect(result.record).toEqual({ ...before, cancelRequestedAt: at, processInstanceId: 'i' });
      const again = await store.save(asClaimed('a'), {
        cancelRequestedAt: new Date(),
        processInstanceId: 'other',
      });
      expect(again.record).toEqual(result.record);
    });

    it.each([OK, INCIDENT])(
      'knows its own change again after a commit that was in doubt',
      async (outcome) => {
        await claimed('a');
        failCommitOnce();
        expect((await store.save(asClaimed('a'), { outcome })).saved).toBe(true);
        expect((await stored('a'))?.version).toBe(2);
      },
    );

    it('keeps NUL characters visible and cuts an error code to its column', async () => {
      await claimed('a');
      const outcome: Outcome = { origin: 'step', status: 'error', error: 'a\0b', errorCode: 'X'.repeat(300) };
      const { record } = await store.save(asClaimed('a'), { outcome });
      expect(record).toMatchObject({ error: 'a\\u0000b', errorCode: 'X'.repeat(255) });
    });
  });

  describe('finish', () => {
    it('decides again when another change was faster', async () => {
      await claimed('a');
      const seen: number[] = [];
      const racing = store.save(asClaimed('a'), { outcome: INCIDENT });
      const result = await store.update('a', ({ version }) => {
        seen.push(version);
        return { change: { outcome: OK } };
      });
      expect((await racing).saved).toBe(true);
      expect(seen).toEqual([1, 2]);
      expect(result).toMatchObject({ kind: 'saved', record: { status: 'ok', version: 3 } });
    });

    it('does not change the row if the decision is to refuse', async () => {
      await claimed('a');
      const result = await store.update('a', () => ({ refuse: 'later' as const }));
      expect(result).toMatchObject({ kind: 'refused', reason: 'later', record: { status: 'pending' } });
    });

    it('returns "unknown" for an unknown id', async () => {
      expect(await store.update('nobody', () => ({ change: {} }))).toEqual({ kind: 'unknown' });
    });
  });

  it('stores a finished process of an unknown id once', async () => {
    const process = { correlationId: 'a', outcome: OK };
    const [first, second] = await Promise.all([
      store.insertFinished(process),
      store.insertFinished({ ...process, outcome: INCIDENT }),
    ]);
    expect(first).toMatchObject({
      kind: 'inserted',
      record: { processKey: null, status: 'ok', startNextAt: null },
    });
    expect(second).toEqual({ kind: 'exists', record: first.record });
    expect((await store.claim(claimOf('a'))).kind).toBe('exists');
  });

  describe('a holder whose lease another one took while it was paused', () => {
    /** The lease of the claim, which has expired, and that of the instance which took it over. */
    const takenOver = async (): Promise<{ paused: ProcessRecord; holder: ProcessRecord }> => {
      const paused = await claimed('a', { leaseMs: 0 });
      const holder = await store.leaseStart('a', 'host-2', 60_000);
      expect(holder?.startFence).toBe((paused.startFence ?? 0) + 1);
      return { paused, holder: holder! };
    };

    it('does not reschedule, resolve or attempt the start', async () => {
      const { paused, holder } = await takenOver();
      expect(await store.rescheduleStart({ lease: paused, nextInMs: 0, attempt: 'ambiguous' })).toBeNull();
      expect(await store.resolveStart(paused)).toBeNull();
      expect(await store.beginStartAttempt({ lease: paused, leaseMs: 1, settleMs: 0 })).toBeNull();
      expect(await stored('a')).toEqual(holder);
      expect(await store.beginStartAttempt({ lease: holder, leaseMs: 1, settleMs: 0 })).not.toBeNull();
    });

    it('does not remove or reject the claim', async () => {
      const { paused, holder } = await takenOver();
      expect(await store.releaseClaim(paused)).toBe(false);
      const rejected = await store.save(paused, { outcome: OK, startResolved: true, underLease: paused });
      expect(rejected).toEqual({ saved: false, record: holder });
      expect((await store.save(holder, { outcome: OK, underLease: holder })).saved).toBe(true);
    });

    it('notes its instance, and leaves the start to the holder, who may start one as well', async () => {
      const { paused, holder } = await takenOver();
      expect(await store.noteStarted(paused, 'late')).toEqual({ ...holder, processInstanceId: 'late' });
      expect(await store.starts.findVariables('a')).not.toBeNull();
      expect(await store.noteStarted(holder, 'second')).toMatchObject({
        processInstanceId: 'late',
        startNextAt: null,
      });
    });

    it('is refused also if it has the same name as the holder', async () => {
      const paused = await claimed('a', { leaseMs: 0 });
      const holder = await store.leaseStart('a', paused.startOwner ?? '', 60_000);
      expect(await store.rescheduleStart({ lease: paused, nextInMs: 0, attempt: 'none' })).toBeNull();
      expect(await stored('a')).toEqual(holder);
    });

    it('changes nothing in the next claim of the id, which may have the same owner and number', async () => {
      const paused = await claimed('a');
      await store.releaseClaim(paused);
      const next = await claimed('a', { claimId: 'next' });
      expect([next.startOwner, next.startFence]).toEqual([paused.startOwner, paused.startFence]);
      expect(await store.rescheduleStart({ lease: paused, nextInMs: 0, attempt: 'none' })).toBeNull();
      expect(await store.resolveStart(paused)).toBeNull();
      expect(await store.beginStartAttempt({ lease: paused, leaseMs: 1, settleMs: 0 })).toBeNull();
      expect(await stored('a')).toEqual(next);
    });

    it('does not note its instance in the next claim of the id', async () => {
      const paused = await claimed('a');
      await store.releaseClaim(paused);
      const next = await claimed('a', { claimId: 'next' });
      expect(await store.noteStarted(paused, 'late')).toBeNull();
      expect(await stored('a')).toEqual(next);
    });
  });

  it('does not resolve a start for a holder that has not seen the work that was found since', async () => {
    const holder = await claimed('a', { leaseMs: 60_000 });
    await store.reopenStart('a', 0);
    expect(await store.resolveStart(holder)).toBeNull();
    expect((await stored('a'))?.startNextAt).not.toBeNull();
  });

  it('does not resolve a start whose last attempt may still arrive', async () => {
    const holder = await claimed('a', { leaseMs: 60_000 });
    expect(await store.resolveStart(holder, 60_000)).toBeNull();
    expect(await store.resolveStart(holder, 0)).toMatchObject({ startNextAt: null });
  });

  describe('noteStarted', () => {
    it('writes the instance id, forgets the variables and leaves version and updatedAt', async () => {
      const before = await claimed('a');
      const record = await store.noteStarted(leaseOf('a'), 'instance-1');
      expect(record).toEqual({
        ...before,
        processInstanceId: 'instance-1',
        startOwner: null,
        startLeaseUntil: null,
        startNextAt: null,
      });
      expect(await store.get('a')).toEqual(record);
      expect(await store.starts.findVariables('a')).toBeNull();
    });

    it('keeps an existing instance id, and writes a missing one whatever the status', async () => {
      await claimed('a');
      await store.save(asClaimed('a'), { outcome: OK });
      await store.noteStarted(leaseOf('a'), 'first');
      expect(await store.noteStarted(leaseOf('a'), 'second')).toMatchObject({
        processInstanceId: 'first',
        status: 'ok',
      });
      expect(await store.noteStarted(leaseOf('nobody'), 'x')).toBeNull();
    });

    it('does not bring a forgotten process back into the Map', async () => {
      await claimed('a');
      store.remove('a');
      await store.noteStarted(leaseOf('a'), 'i');
      expect(store.values()).toEqual([]);
    });
  });

  describe('releaseClaim', () => {
    it('removes a claim that no other caller relies on', async () => {
      await claimed('a');
      expect(await store.releaseClaim(leaseOf('a'))).toBe(true);
      expect(await store.get('a')).toBeNull();
      expect(await store.markJoined('a')).toBeNull();
    });

    it.each<[string, () => Promise<unknown>]>([
      ['joined', () => store.markJoined('a')],
      ['started', () => store.noteStarted(leaseOf('a'), 'i')],
      ['cancelled', () => store.save(asClaimed('a'), { cancelRequestedAt: new Date() })],
      ['finished', () => store.save(asClaimed('a'), { outcome: OK })],
    ])('keeps one that is %s', async (_name, change) => {
      await claimed('a');
      await change();
      expect(await store.releaseClaim(leaseOf('a'))).toBe(false);
      expect(await stored('a')).not.toBeNull();
    });

    it('keeps the claim of another request', async () => {
      await claimed('a');
      expect(await store.releaseClaim({ ...leaseOf('a'), claimId: 'another' })).toBe(false);
    });

    it('recognises after a commit in doubt that the claim is removed', async () => {
      await claimed('a');
      failCommitOnce();
      expect(await store.releaseClaim(leaseOf('a'))).toBe(true);
    });

    it('recognises it also if another request has claimed the id since', async () => {
      const other = await claimed('b', { claimId: 'another' });
      await claimed('a');
      failCommitOnce();
      const { connection } = fixture;
      const failing = connection.transaction;
      connection.transaction = async (work, options) => {
        try {
          return await failing(work, options);
        } catch (error) {
          const record = { ...other, correlationId: 'a' };
          await connection.transaction((sql) =>
            repository.upsertProcessStore(
              sql,
              [{ type: 'insert', record, variables: null, leaseMs: 1_000 }],
              false,
            ),
          );
          throw error;
        }
      };
      expect(await store.releaseClaim(leaseOf('a'))).toBe(true);
      expect((await stored('a'))?.claimId).toBe('another');
    });
  });

  it('marks a claim as joined durably, and asks the table only once', async () => {
    await claimed('a');
    expect(await store.markJoined('a')).toMatchObject({ joined: true, version: 1 });
    expect((await stored('a'))?.joined).toBe(true);
    const transaction = jest.spyOn(fixture.connection, 'transaction');
    expect(await store.markJoined('a')).toMatchObject({ joined: true });
    expect(transaction).not.toHaveBeenCalled();
    await store.noteStarted(leaseOf('a'), 'i');
    store.remove('a');
    expect(await store.markJoined('a')).toMatchObject({ processInstanceId: 'i' });
  });

  describe('the Map', () => {
    beforeEach(async () => {
      await fixture.stop();
      fakeTimes();
      await reopened();
      fakeDatabaseTime();
    });

    it('forgets a final state 5 s after its end and reads it from the table', async () => {
      await claimed('a');
      await store.save(asClaimed('a'), { outcome: OK });
      const find = jest.spyOn(repository, 'findProcessStore');
      jest.advanceTimersByTime(4_000);
      expect(await store.get('a')).toMatchObject({ status: 'ok' });
      expect(find).not.toHaveBeenCalled();
      expect(store.values()).toHaveLength(1);
      jest.advanceTimersByTime(2_000);
      expect(store.values()).toEqual([]);
      expect(await store.get('a')).toMatchObject({ status: 'ok' });
      expect(find).toHaveBeenCalledTimes(1);
    });

    it('removes an open state 60 s after its last use, unless a request waits for it', async () => {
      await Promise.all([claimed('a'), claimed('b'), claimed('c')]);
      store.retain('b');
      store.retain('b');
      store.release('b');
      jest.advanceTimersByTime(40_000);
      await store.get('c');
      jest.advanceTimersByTime(30_000);
      expect(store.values().map(({ correlationId }) => correlationId)).toEqual(['b', 'c']);
      store.release('b');
      jest.advanceTimersByTime(1_000);
      expect(store.values().map(({ correlationId }) => correlationId)).toEqual(['c']);
    });

    it('lists open rows and those that ended in the last 5 s, newest first', async () => {
      for (const id of ['open', 'incident', 'ended', 'old']) {
        await claimed(id);
        jest.setSystemTime(Date.now() + 1);
      }
      await store.save(asClaimed('incident'), { outcome: INCIDENT });
      await store.save(asClaimed('old'), { outcome: OK });
      jest.advanceTimersByTime(6_000);
      await store.save(asClaimed('ended'), { outcome: OK });
      store.remove('open');
      const { processes: list } = await store.listActive({ limit: 500, maxBytes: 100_000 });
      expect(list.map(({ correlationId }) => correlationId)).toEqual(['ended', 'incident', 'open']);
      const first = await store.listActive({ limit: 1, maxBytes: 100_000 });
      expect(first.processes.map(({ correlationId }) => correlationId)).toEqual(['ended']);
      const rest = await store.list({ limit: 5, maxBytes: 100_000, cursor: first.nextCursor! });
      expect(rest.processes.map(({ correlationId }) => correlationId)).toEqual(['incident', 'open']);
    });
  });

  it('finds replaceable rows by the origin of the outcome, not by the code that a step chose', async () => {
    const outcome = { status: 'error', error: 'e', errorCode: 'INCIDENT' } as const;
    for (const origin of ['step', 'incident'] as const) {
      await claimed(origin);
      await store.save(asClaimed(origin), { outcome: { origin, ...outcome } });
    }
    const found = await store.table.findReplaceable(['step', 'incident']);
    expect(found.map(({ correlationId, outcomeOrigin }) => [correlationId, outcomeOrigin])).toEqual([
      ['incident', 'incident'],
    ]);
    expect((await store.table.findReplaceableBefore(new Date(Date.now() + 1_000), null, 10)).length).toBe(1);
    await fixture.connection.transaction((sql) =>
      sql.execute('UPDATE process_store SET outcome_origin = NULL'),
    );
    // As a version without the column leaves them.
    expect((await store.table.findReplaceable(['step', 'incident'])).length).toBe(2);
  });

  it('reads and changes rows in the table that do not fit into the Map', async () => {
    const data = JSON.stringify('x'.repeat(100_000));
    const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`);
    for (const id of ids) {
      await claimed(id);
      await store.save(asClaimed(id), { outcome: { origin: 'step', status: 'ok', data } });
    }
    expect(store.values().length).toBeLessThan(6);
    for (const id of ids) expect(await store.get(id)).toMatchObject({ status: 'ok', data, version: 2 });
    const again = await store.update('id-0', ({ version }) => ({ refuse: version }));
    expect(again).toMatchObject({ kind: 'refused', reason: 2 });
    expect(await store.markJoined('id-0')).toMatchObject({ status: 'ok', joined: true, data });
  });

  it('never holds the variables of a start', async () => {
    const variables = JSON.stringify({ text: 'x'.repeat(100_000) });
    const { record } = await store.claim(claimOf('a', { variables }));
    const leased = await store.rescheduleStart({
      lease: leaseOf('a'),
      nextInMs: 0,
      attempt: 'none',
    });
    for (const each of [record, leased, await store.get('a'), await stored('a')])
      expect(JSON.stringify(each).length).toBeLessThan(1_000);
    expect(await store.starts.findVariables('a')).toBe(variables);
  });

  it('returns decided processes in pages, for any number of ids', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => `id-${String(index).padStart(2, '0')}`);
    await Promise.all(ids.map((correlationId) => store.insertFinished({ correlationId, outcome: OK })));
    await claimed('pending');
    const found: string[] = [];
    for await (const records of store.findDecided(['pending', ...ids, 'unknown'])) {
      expect(records.length).toBeLessThanOrEqual(16);
      found.push(...records.map(({ correlationId }) => correlationId));
    }
    expect(found.sort()).toEqual(ids);
  });

  it('shows no change before it is committed', async () => {
    await claimed('a');
    let during: ProcessRecord | null = null;
    const { connection } = fixture;
    const transaction = connection.transaction.bind(connection);
    connection.transaction = async (work, options) => {
      connection.transaction = transaction;
      during = await store.get('a');
      return transaction(work, options);
    };
    await store.save(asClaimed('a'), { outcome: OK });
    expect(during).toMatchObject({ status: 'pending', version: 1 });
  });

  it('does not put a row into the Map that was read before a commit', async () => {
    await claimed('a');
    store.remove('a');
    const old = await stored('a');
    jest.spyOn(repository, 'findProcessStore').mockImplementationOnce(async () => {
      await store.save(asClaimed('a'), { outcome: OK });
      return old;
    });
    await store.get('a');
    expect(await store.get('a')).toMatchObject({ status: 'ok' });
  });

  describe('list', () => {
    const T0 = Date.parse('2026-03-01T00:00:00.000Z');

    async function fill(): Promise<void> {
      fakeTimes();
      for (let index = 0; index < 6; index += 1) {
        jest.setSystemTime(T0 + Math.floor(index / 2) * 1_000);
        await claimed(`p${index}`, { processKey: index % 2 === 0 ? 'even' : 'odd' });
      }
      await store.save(asClaimed('p5'), { outcome: OK });
      jest.useRealTimers();
    }

    const idsOf = async (query: Omit<ProcessQuery, 'maxBytes'>) =>
      (await store.list({ maxBytes: 100_000, ...query })).processes.map(({ correlationId }) => correlationId);

    it('pages newest first without gap or repeat while rows are added', async () => {
      await fill();
      const first = await store.list({ maxBytes: 100_000, limit: 3 });
      expect(first.processes.map(({ correlationId }) => correlationId)).toEqual(['p5', 'p4', 'p3']);
      await claimed('newer');
      const second = await store.list({ maxBytes: 100_000, limit: 3, cursor: first.nextCursor! });
      expect(second.processes.map(({ correlationId }) => correlationId)).toEqual(['p2', 'p1', 'p0']);
      expect(second.nextCursor).toBeNull();
    });

    it('filters by status, process key and start', async () => {
      await fill();
      expect(await idsOf({ limit: 10, status: 'ok' })).toEqual(['p5']);
      expect(await idsOf({ limit: 10, processKey: 'even' })).toEqual(['p4', 'p2', 'p0']);
      const startedAfter = new Date(T0 + 1_000);
      const startedBefore = new Date(T0 + 2_000);
      expect(await idsOf({ limit: 10, startedAfter, startedBefore })).toEqual(['p3', 'p2']);
    });

    it.each<[ListRestriction, string[]]>([
      [{}, ['e', 'd', 'c', 'b', 'a']],
      [{ owner: 'ann' }, ['d', 'b', 'a']],
      [{ owner: 'Ann' }, []],
      [{ processKeys: ['k'] }, ['c', 'b', 'a']],
      [{ processKeys: ['k', 'l'] }, ['d', 'c', 'b', 'a']],
      [{ processKeys: ['k', 'l'], owner: 'ann' }, ['d', 'b', 'a']],
      [{ processKeys: ['k'], owner: 'ann' }, ['b', 'a']],
      [{ processKeys: [] }, []],
      [{ processKeys: [], owner: 'ann' }, []],
    ])(
      'shows a caller with the restriction %j only its processes, open, recent and old',
      async (given, ids) => {
        fakeTimes();
        for (const [index, [id, processKey, owner]] of (
          [
            ['a', 'k', 'ann'],
            ['b', 'k', 'ann'],
            ['c', 'k', 'bob'],
            ['d', 'l', 'ann'],
          ] as const
        ).entries()) {
          jest.setSystemTime(T0 + index);
          await claimed(id, { processKey, owner });
        }
        jest.useRealTimers();
        await store.insertFinished({ correlationId: 'e', outcome: OK });
        const incident = { origin: 'incident', status: 'error', error: 'x', errorCode: 'INCIDENT' } as const;
        await store.save(asClaimed('a'), { outcome: incident });
        await store.save(asClaimed('c'), { outcome: OK });
        expect(await idsOf({ limit: 10, ...given })).toEqual(ids);
        const active = await store.listActive({ limit: 10, maxBytes: 100_000, ...given });
        expect(active.processes.map(({ correlationId }) => correlationId)).toEqual(ids);
        const first = await store.listActive({ limit: 1, maxBytes: 100_000, ...given });
        const cursor = first.nextCursor;
        if (cursor !== null) expect(await idsOf({ limit: 10, cursor, ...given })).toEqual(ids.slice(1));
      },
    );

    it('leaves data out by default, and reports whether there is a result', async () => {
      await fill();
      expect((await store.list({ maxBytes: 100_000, limit: 1 })).processes[0]).toMatchObject({
        data: null,
        hasData: true,
      });
      const { processes } = await store.list({ maxBytes: 100_000, limit: 2, includeData: true });
      expect(processes[0]).toMatchObject({ data: '{"n": 1.0}', hasData: true });
      expect(processes[1]).toMatchObject({ data: null, hasData: false });
    });

    it('reads as many items as fit into its bytes, and at least one, and goes on from there', async () => {
      for (let index = 0; index < 4; index += 1) {
        await claimed(`big${index}`);
        await store.save(asClaimed(`big${index}`), {
          outcome: { origin: 'step', status: 'ok', data: `"${'x'.repeat(8_000)}"` },
        });
      }
      const reserved: number[] = [];
      const seen: string[][] = [];
      let cursor: string | null = null;
      do {
        const page: ProcessPage = await store.list({
          limit: 10,
          maxBytes: 20_000,
          includeData: true,
          reserve: (bytes) => reserved.push(bytes),
          ...(cursor === null ? {} : { cursor }),
        });
        seen.push(page.processes.map(({ correlationId }) => correlationId));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen.map(({ length }) => length)).toEqual([2, 2]);
      expect(seen.flat().sort()).toEqual(['big0', 'big1', 'big2', 'big3']);
      expect(reserved).toEqual([17_028, 17_028]);
      const one = await store.list({ limit: 10, maxBytes: 1, includeData: true });
      expect([one.processes.length, one.nextCursor]).toEqual([1, expect.any(String)]);
    });

    it('reads no column that it does not show', async () => {
      await claimed('a');
      const read = jest.spyOn(fixture.database, 'read');
      await store.listActive({ limit: 5, maxBytes: 100_000 });
      await store.list({ limit: 5, maxBytes: 100_000 });
      const statements = read.mock.calls.map(([sql]) => sql.replaceAll('data IS NULL', ''));
      expect(statements).toHaveLength(5);
      expect(statements.filter((sql) => /variables|\bdata\b/.test(sql))).toEqual([]);
    });

    it('yields the event loop between small batches of rows', async () => {
      await Promise.all(Array.from({ length: 40 }, (_each, index) => claimed(`p${index}`)));
      let turn = 0;
      let next = setImmediate(function count() {
        turn += 1;
        next = setImmediate(count);
      });
      const read = fixture.database.read.bind(fixture.database);
      const reads: { turn: number; rows: number }[] = [];
      jest.spyOn(fixture.database, 'read').mockImplementation(async (sql, parameters) => {
        const before = turn;
        const rows = await read(sql, parameters);
        if (sql.includes('error_code')) reads.push({ turn: before, rows: rows.length });
        return rows;
      });
      const { processes } = await store.list({ limit: 50, maxBytes: 100_000 });
      clearImmediate(next);
      expect(processes).toHaveLength(40);
      // A server reads more at a time: the event loop does not wait for it.
      expect(reads.map(({ rows }) => rows)).toEqual(testDatabase === 'sqlite' ? [16, 16, 8] : [32, 8]);
      expect(new Set(reads.map((each) => each.turn)).size).toBe(reads.length);
    });

    it('reads nothing if there is no room for it', async () => {
      await claimed('a');
      const findShown = jest.spyOn(repository, 'findShown');
      const reserve = (): void => {
        throw new Error('no room');
      };
      await expect(store.list({ limit: 1, maxBytes: 1, reserve })).rejects.toThrow('no room');
      await expect(store.listActive({ limit: 1, maxBytes: 1, reserve })).rejects.toThrow('no room');
      expect(findShown).not.toHaveBeenCalled();
    });

    it.each(['nonsense', '999999999999999 a'])('refuses a cursor that it did not make: %s', async (text) => {
      const cursor = Buffer.from(text).toString('base64url');
      await expect(store.list({ maxBytes: 100_000, limit: 1, cursor })).rejects.toBeInstanceOf(
        InvalidCursorError,
      );
    });
  });
});
