import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventArchiveRepository } from '../../event-log/event-archive.repository.js';
import { EventLogRepository } from '../../event-log/event-log.repository.js';
import { EventLogService } from '../../event-log/event-log.service.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { ProcessArchiveRepository } from '../../process-store/process-archive.repository.js';
import { ProcessStartRepository } from '../../process-store/process-start.repository.js';
import { ProcessStoreRepository } from '../../process-store/process-store.repository.js';
import { ProcessStoreService } from '../../process-store/process-store.service.js';
import type { Claim } from '../../process-store/process-store.types.js';
import {
  CapturedMssql,
  type CapturedStatement,
  serverError,
} from '../../../test/support/tds/captured.mssql.js';
import { DatabaseUnavailableError } from '../database.errors.js';
import { DatabaseService } from '../database.service.js';
import { sqliteConfig } from '../testing/database.fixture.js';
import { WriteQueueService } from '../write-queue/index.js';
import { ServerConnection } from './server.connection.js';

/** Columns by what SQL Server keeps them as (docs/design/data-model.md). */
const VARCHAR =
  /^(correlation_id|process_key|process_instance_id|status|error_code|request_hash|claim_id|start_owner|tenant_id|version_tag|owner|outcome_origin|outcome_step|batch_id|traceability_id|application_id|event_key|step_name|http_method|endpoint|target_system|originating_system|process_name)$/;
const NVARCHAR =
  /^(data|error|variables|start_message|request_data|response_data|error_message|identifiers|result|metadata)$/;
const TIME = /^(started_at|updated_at|created_at|archived_at|cancel_requested_at)$/;

/** What SQL Server does not know, or what `MERGE` and OFFSET paging do to it (reference: its documentation of each). */
const FORBIDDEN =
  /\bMERGE\b|\bLIMIT\b|\bRETURNING\b|ON CONFLICT|\?|\bILIKE\b|::|OFFSET (?!0 ROWS FETCH NEXT @\d+ ROWS ONLY)/;

describe('the statements for SQL Server', () => {
  let capture: CapturedMssql;
  let connection: ServerConnection;
  let queue: WriteQueueService;
  let repository: ProcessStoreRepository;
  let starts: ProcessStartRepository;
  let store: ProcessStoreService;
  let events: EventLogService;
  let eventRepository: EventLogRepository;
  let processArchive: ProcessArchiveRepository;
  let eventArchive: EventArchiveRepository;
  let shutdown: ShutdownService;

  async function open(schema: string | null, statementTimeoutMs = 10_000): Promise<void> {
    capture = await CapturedMssql.open();
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    connection = await ServerConnection.open(
      capture.dialect(schema),
      capture.config({ schema, statementTimeoutMs }),
    );
    const database = new DatabaseService(connection);
    const config = sqliteConfig('unused');
    queue = new WriteQueueService(connection, config, shutdown);
    repository = new ProcessStoreRepository(database);
    starts = new ProcessStartRepository(database);
    store = new ProcessStoreService(repository, starts, queue, database, config, shutdown);
    eventRepository = new EventLogRepository(database);
    processArchive = new ProcessArchiveRepository(database);
    eventArchive = new EventArchiveRepository(database);
    events = new EventLogService(eventRepository, queue, database, config, [], { paths: [] });
    shutdown.register('release', 'database', () => connection.close());
  }

  beforeEach(async () => {
    await open(null);
    capture.take();
  });

  afterEach(async () => {
    await shutdown.stop();
    await capture.close();
  });

  const claimOf = (correlationId: string, changes: Partial<Claim> = {}): Claim => ({
    correlationId,
    processKey: 'onboard-user',
    variables: '{"name":"Zoë 😀"}',
    requestHash: 'h'.repeat(64),
    claimId: `claim-${correlationId}`.slice(0, 36),
    batchId: 'b',
    traceabilityId: 't',
    applicationId: 'a',
    startOwner: 'host-1',
    leaseMs: 15_000,
    ...changes,
  });

  /** The row of a claim, as SQL Server would give it back. */
  const rowOf = (correlationId: string): object => ({
    correlation_id: correlationId,
    claim_id: `claim-${correlationId}`,
    status: 'pending',
    version: 1,
    started_at: new Date(0),
    updated_at: new Date(0),
    start_lease_until: new Date(1),
    start_last_attempt_at: new Date(0),
    joined: 0,
  });

  /** Answers inserts of `process_store` as if each row were new. */
  function takeAllClaims({ sql, parameters }: CapturedStatement): readonly object[] | undefined {
    if (!sql.startsWith('INSERT INTO process_store')) return undefined;
    const columns = /\(([^)]*)\)/.exec(sql)![1]!.split(', ');
    const valueOf = (row: number, column: string): unknown =>
      parameters[row * columns.length + columns.indexOf(column)]?.value;
    return Array.from({ length: parameters.length / columns.length }, (_, row) => ({
      ...rowOf(String(valueOf(row, 'correlation_id'))),
      claim_id: valueOf(row, 'claim_id'),
    }));
  }

  /** Everything that the stores say. */
  async function sayEverything(): Promise<readonly CapturedStatement[]> {
    await store.claim(claimOf('a'));
    await store.insertFinished({
      correlationId: 'b',
      outcome: { origin: 'step', status: 'ok', data: '{"x":"😀"}' },
      outcomeStep: 'last',
    });
    const lease = { correlationId: 'a', claimId: 'claim-a', startOwner: 'host-1', startFence: 1 };
    await store.save(
      { correlationId: 'a', claimId: 'claim-a', version: 1 },
      {
        outcome: { origin: 'step', status: 'error', error: 'Zoë', errorCode: 'X' },
        cancelRequestedAt: new Date(),
      },
    );
    await store.save({ correlationId: 'a', claimId: 'claim-a', version: 1 }, { startResolved: true });
    await store.noteStarted(lease, 'instance-1');
    await store.markJoined('a');
    await store.releaseClaim(lease);
    await store.leaseStart('a', 'host-1', 1_000);
    await store.beginStartAttempt({ lease: { ...lease, startAttempts: 1 }, leaseMs: 1, settleMs: 1 });
    for (const attempt of ['none', 'rolled-back', 'ambiguous', 'unchanged'] as const)
      await store.rescheduleStart({ lease, nextInMs: 1, attempt });
    await store.resolveStart(lease);
    await store.reopenStart('a', 10);
    await connection.transaction((sql) => starts.voidLeases(sql, true));
    const cursor = (await repository.findAllProcessStore({ limit: 1, maxBytes: 1_000 })).nextCursor;
    await repository.findAllProcessStore({
      limit: 10,
      maxBytes: 1_000,
      includeData: true,
      status: 'pending',
      processKey: 'k',
      startedAfter: new Date(0),
      startedBefore: new Date(),
      ...(cursor === null ? {} : { cursor }),
    });
    await repository.findProcessStore('a');
    await repository.findOpenPlaces(10);
    const restriction = { processKeys: ['k', 'l'], owner: 'o' };
    await repository.findOpenPlaces(10, restriction);
    await repository.findAllProcessStore({ limit: 1, maxBytes: 1_000, ...restriction });
    await repository.findOpenPlaces(10, { processKeys: [] });
    await repository.findOwnership('a');
    await repository.findShown(['a', 'b'], true);
    await starts.findDueStarts(10);
    await starts.countUnresolvedStarts(new Date());
    await repository.findDecided(['a', 'b']);
    await repository.hasReplaceable();
    await repository.replaceableKeys();
    await repository.findReplaceable(['a', 'b']);
    await repository.findReplaceableBefore(new Date(), { startedAt: new Date(0), correlationId: 'a' }, 10);
    await events.logEvent({
      correlationId: 'a',
      stepName: 'check',
      step: 1,
      status: 'ok',
      requestData: { name: 'Zoë 😀' },
      endpoint: 'http://partner/x',
      httpMethod: 'POST',
      httpStatusCode: 200,
      executionTime: 12,
    });
    await eventRepository.findEvents('a', 0, 10);
    await eventRepository.findPlaces('a', 0, 10);
    await eventRepository.findAttempts('a', 'check', 10);
    await connection.transaction((sql) => eventRepository.existingKeys(sql, ['k1', 'k2']));
    await sayRetention();
    return capture.take();
  }

  /** Everything that retention says. */
  async function sayRetention(): Promise<void> {
    const at = new Date(0);
    await processArchive.findOlderThan(at, null, 10);
    await processArchive.findOlderThan(at, { correlationId: 'a', updatedAt: at, isRemovable: true }, 10);
    await processArchive.findExisting(['a', 'b']);
    await eventArchive.findPlaces(['a', 'b'], 10);
    await eventArchive.findOlderThan(at, null, 10);
    await eventArchive.findOlderThan(at, { eventKey: 'k', correlationId: 'a', createdAt: at }, 10);
    await connection.transaction(async (sql) => {
      await processArchive.existing(sql, ['a', 'b']);
      await processArchive.lockRemovable(sql, ['a', 'b'], at);
      await processArchive.archive(sql, ['a', 'b'], at);
      await processArchive.remove(sql, ['a', 'b']);
      for (const selection of [
        { correlationIds: ['a', 'b'] },
        { correlationIds: ['a'], throughSeq: 500 },
        { eventKeys: ['k1', 'k2'] },
      ]) {
        await eventArchive.archive(sql, selection, at);
        for (const onlyArchived of [true, false]) await eventArchive.remove(sql, selection, onlyArchived);
      }
    });
  }

  it('have no construct that SQL Server refuses or that races there, and a parameter for each placeholder', async () => {
    capture.answer = takeAllClaims;
    const statements = await sayEverything();
    expect(statements.length).toBeGreaterThan(80);
    for (const { sql, parameters } of statements) {
      expect(sql).not.toMatch(FORBIDDEN);
      const places = [...sql.matchAll(/@(\d+)/g)].map(([, place]) => Number(place));
      expect(places).toEqual(parameters.map((_, index) => index));
    }
  });

  it('compare short ASCII columns with VARCHAR and times with DATETIME2(3), so that indexes are sought', async () => {
    capture.answer = takeAllClaims;
    const compared = new Set<string>();
    for (const { sql, parameters } of await sayEverything()) {
      const conditions = sql.split(/\bWHERE\b/).slice(1);
      for (const condition of conditions) {
        for (const [, column = '', list = ''] of condition.matchAll(
          /\b(\w+) (?:=|<>|<=?|>=?|IN) (@\d+|\((?:@\d+,?)+\))/g,
        )) {
          for (const [, place] of list.matchAll(/@(\d+)/g)) {
            const { type } = parameters[Number(place)]!;
            if (VARCHAR.test(column)) expect([sql, column, type]).toEqual([sql, column, 'VarChar(255)']);
            if (TIME.test(column)) expect([sql, column, type]).toEqual([sql, column, 'DateTime2(3)']);
            compared.add(column);
          }
        }
      }
    }
    expect([...compared]).toEqual(
      expect.arrayContaining([
        'correlation_id',
        'claim_id',
        'status',
        'process_key',
        'owner',
        'started_at',
        'event_key',
        'updated_at',
        'created_at',
        'seq',
      ]),
    );
  });

  it('copy rows to an archive with their columns in one order, and a time as DATETIME2(3)', async () => {
    await sayRetention();
    const copies = capture.take().filter(({ sql }) => /^INSERT INTO \w+_archive /.test(sql));
    expect(copies).toHaveLength(4);
    for (const { sql, parameters } of copies) {
      const [, table, columns = '', selected, from] =
        /^INSERT INTO (\w+)_archive \((.*), archived_at\) SELECT (.*), @0 FROM (\w+) WHERE /.exec(sql) ?? [];
      expect([selected, from]).toEqual([columns, table]);
      expect(columns.split(', ').length).toBeGreaterThan(20);
      expect(parameters[0]).toMatchObject({ type: 'DateTime2(3)', value: new Date(0) });
    }
  });

  it('write texts without a limit as NVARCHAR(MAX), null or not, and short ones as VARCHAR', async () => {
    capture.answer = takeAllClaims;
    const inserts = (await sayEverything()).filter(({ sql }) => /^INSERT INTO .* VALUES /.test(sql));
    for (const { sql, parameters } of inserts) {
      const columns = /\(([^)]*)\)/.exec(sql)![1]!.split(', ');
      // The place in a trail takes two parameters, so the columns behind it are one further on.
      const shift = (index: number): number => (sql.startsWith('INSERT INTO event_log') && index > 1 ? 1 : 0);
      columns.forEach((column, index) => {
        const { type } = parameters[index + shift(index)]!;
        if (NVARCHAR.test(column)) expect([column, type]).toEqual([column, 'NVarChar(MAX)']);
        if (VARCHAR.test(column)) expect([column, type]).toEqual([column, 'VarChar(255)']);
        if (TIME.test(column)) expect([column, type]).toEqual([column, 'DateTime2(3)']);
      });
    }
    expect(inserts).toHaveLength(3);
    const update = (await sayEverything()).find(({ sql }) =>
      sql.startsWith('UPDATE process_store SET status = @0'),
    );
    expect(update?.parameters.slice(0, 4).map(({ type }) => type)).toEqual([
      'VarChar(255)',
      'NVarChar(MAX)',
      'NVarChar(MAX)',
      'VarChar(255)',
    ]);
  });

  it('declare a short text by few lengths, and as NVARCHAR(MAX) if VARCHAR would lose characters', async () => {
    const { bind } = capture.dialect();
    const typeOf = (value: string): unknown => {
      const { type, params } = bind(value) as { type: string; params: unknown[] };
      return [type, ...params];
    };
    expect(typeOf('a')).toEqual(['varchar', 255]);
    expect(typeOf('a'.repeat(255))).toEqual(['varchar', 255]);
    expect(typeOf('a'.repeat(256))).toEqual(['varchar', 8_000]);
    expect(typeOf('ö')).toEqual(['nvarchar', 65_535]);
    expect(typeOf('a'.repeat(8_001))).toEqual(['nvarchar', 65_535]);
  });

  it('cut names and addresses to the bytes that a VARCHAR has', async () => {
    const long = 'ü'.repeat(600);
    await events.logEvent({
      correlationId: 'a',
      stepName: 's',
      status: 'ok',
      endpoint: long,
      targetSystem: long,
      processName: long,
      result: long,
    });
    const insert = capture.take().find(({ sql }) => sql.startsWith('INSERT INTO event_log'))!;
    const texts = insert.parameters
      .map(({ value }) => value)
      .filter((value) => String(value).startsWith('üü'));
    expect(texts.map((value) => Buffer.byteLength(String(value)))).toEqual([500, 254, 254, 1_200]);
  });

  it('keep to 2 100 parameters and 1 000 rows, in one transaction for a group', async () => {
    capture.answer = takeAllClaims;
    const claims = Array.from({ length: 300 }, (_, index) => store.claim(claimOf(`id-${index}`)));
    const logged = Array.from({ length: 199 }, (_, index) =>
      events.logEvent({ correlationId: `id-${index}`, stepName: 's', step: 1, status: 'ok' }),
    );
    await Promise.all([...claims, ...logged]);
    const statements = capture.take();
    expect(statements.filter(({ sql }) => sql === 'BEGIN')).toHaveLength(1);
    expect(statements.at(-1)?.sql).toBe('COMMIT');
    const inserts = statements.filter(({ sql }) => sql.startsWith('INSERT'));
    for (const { parameters } of inserts) expect(parameters.length).toBeLessThanOrEqual(2_098);
    const rows = inserts.map(({ sql }) => sql.split(' VALUES ')[1]!.split('),(').length);
    expect(Math.max(...rows)).toBeLessThanOrEqual(1_000);
    // As few statements as the parameters allow: 64 rows in each but the last ones.
    expect(inserts.length).toBeLessThan(20);
  });

  it('insert claims row by row if a key exists, in the same transaction, and return the existing row', async () => {
    let batches = 0;
    capture.answer = (statement) => {
      const rows = takeAllClaims(statement);
      if (rows === undefined)
        return statement.sql.includes('correlation_id IN') ? [rowOf('taken'), rowOf('free')] : undefined;
      if (rows.length > 1) {
        batches += 1;
        return serverError(2627);
      }
      return statement.parameters.some(({ value }) => value === 'claim-mine') ? serverError(2601) : rows;
    };
    const [free, taken] = await Promise.all([
      store.claim(claimOf('free')),
      store.claim(claimOf('taken', { claimId: 'claim-mine' })),
    ]);
    expect([free.kind, taken.kind]).toEqual(['claimed', 'exists']);
    expect(taken.record.claimId).toBe('claim-taken');
    // Once as a batch, and once in the transaction that takes it apart.
    expect(batches).toBe(2);
    expect(
      capture
        .take()
        .filter(({ sql }) => /^(BEGIN|COMMIT|ROLLBACK)$/.test(sql))
        .map(({ sql }) => sql),
    ).toEqual(['BEGIN', 'COMMIT', 'BEGIN', 'COMMIT']);
  });

  it('claim an id again whose row another instance removed between the insert and the read', async () => {
    let refused = 0;
    capture.answer = (statement) => {
      if (!statement.sql.startsWith('INSERT') || refused > 0) return takeAllClaims(statement);
      refused += 1;
      return serverError(2627);
    };
    const { kind, record } = await store.claim(claimOf('a'));
    expect([kind, record.claimId, record.startLeaseUntil]).toEqual(['claimed', 'claim-a', new Date(1)]);
  });

  it('are repeated after a deadlock, and the database does not count as unavailable', async () => {
    let victims = 0;
    capture.answer = (statement) => {
      if (statement.sql.startsWith('INSERT INTO event_log') && victims < 3) {
        victims += 1;
        return serverError(1205, 13);
      }
      return takeAllClaims(statement);
    };
    await events.logEvent({ correlationId: 'a', stepName: 's', step: 1, status: 'ok' });
    expect(victims).toBe(3);
    expect(queue.available).toBe(true);
    const said = capture.take().map(({ sql }) => sql.split(' ')[0]);
    // The server has ended the transaction of a victim by itself.
    expect(said.filter((word) => word === 'BEGIN')).toHaveLength(4);
    expect(said.at(-1)).toBe('COMMIT');
  });

  it('are not sent after one that timed out, because each would wait as long', async () => {
    await shutdown.stop();
    await capture.close();
    await open(null, 500);
    capture.take();
    let isFirst = true;
    capture.answer = ({ sql }) => {
      if (!sql.startsWith('UPDATE') || !isFirst) return undefined;
      isFirst = false;
      return 'silence';
    };
    // More than one batch takes.
    const ids = Array.from('abcdefghi');
    await Promise.all(ids.map((id) => store.reopenStart(id, 1)));
    const said = capture.take().map(({ sql }) => sql.split(' ')[0]);
    const updates = ids.map(() => 'UPDATE');
    expect(said).toEqual(['BEGIN', 'UPDATE', 'ROLLBACK', 'BEGIN', ...updates, 'COMMIT']);
  });

  it('are repeated after a deadlock of a read with a writer, and count as busy if it keeps happening', async () => {
    let victims = 2;
    capture.answer = () => {
      victims -= 1;
      return victims < 0 ? [rowOf('a')] : serverError(1205, 13);
    };
    expect((await repository.findProcessStore('a'))?.correlationId).toBe('a');
    victims = 1_000;
    await expect(repository.findProcessStore('a')).rejects.toBeInstanceOf(DatabaseUnavailableError);
  });

  it('keep an event whose place in the trail other writers take first, however often', async () => {
    let lost = 0;
    capture.answer = ({ sql }) => {
      if (!sql.startsWith('INSERT INTO event_log') || lost === 20) return undefined;
      lost += 1;
      return serverError(2601);
    };
    await events.logEvent({ correlationId: 'a', stepName: 's', step: 1, status: 'ok', result: 'kept' });
    expect(queue.available).toBe(true);
    const inserts = capture.take().filter(({ sql }) => sql.startsWith('INSERT INTO event_log'));
    expect(inserts).toHaveLength(21);
    expect(inserts.at(-1)?.parameters.map(({ value }) => value)).toContain('kept');
  });

  it.each([
    ['a unique key', serverError(2627), 'conflict'],
    ['a unique index', serverError(2601), 'conflict'],
    ['a deadlock', serverError(1205, 13), 'contended'],
    ['a lock that was not granted', serverError(1222, 16), 'unavailable'],
    ['a login refused while the server recovers', serverError(18456, 14), 'unavailable'],
    ['a full log', serverError(9002, 17), 'unavailable'],
    ['a text that does not fit', serverError(2628, 16), 'content'],
    ['a null', serverError(515, 16), 'content'],
    ['too many parameters', serverError(8003, 16), 'content'],
    ['a connection that ends', 'cut', 'unavailable'],
  ] as const)('know %s for what it is', async (_name, answer, kind) => {
    capture.answer = () => answer;
    const error: unknown = await connection.read('SELECT 1 AS x', []).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).not.toBeNull();
    expect(capture.dialect().errorKind(error)).toBe(kind);
  });

  it('classify values that the driver refuses to send, and programming errors, as content', async () => {
    const { errorKind, time } = capture.dialect();
    const error: unknown = await connection.read('SELECT ? AS x', [time(new Date(Number.NaN))]).then(
      () => null,
      (reason: unknown) => reason,
    );
    expect(error).not.toBeNull();
    expect(errorKind(error)).toBe('content');
    expect(errorKind(new TypeError('x is not a function'))).toBe('content');
  });

  it('stand in the schema that is configured', async () => {
    await shutdown.stop();
    await capture.close();
    await open('api');
    const boot = capture.take().map(({ sql }) => sql);
    expect(boot.find((sql) => sql.includes('CREATE SCHEMA'))).toMatch(
      /SCHEMA_ID\(@0\) IS NULL EXEC\('CREATE SCHEMA \[api\]'\)/,
    );
    expect(boot.filter((sql) => sql.includes('CREATE TABLE')).every((sql) => sql.includes('"api".'))).toBe(
      true,
    );
    capture.answer = takeAllClaims;
    for (const { sql } of await sayEverything()) {
      expect(sql).not.toMatch(/(FROM|INTO|UPDATE|JOIN) (process_store|event_log|schema_version)/);
      if (/^(SELECT|INSERT|UPDATE|DELETE)/.test(sql)) expect(sql).toContain('[api].');
    }
  });
});

describe('the migrations for SQL Server', () => {
  let capture: CapturedMssql;

  beforeEach(async () => {
    capture = await CapturedMssql.open();
  });

  afterEach(async () => {
    await capture.close();
  });

  async function bootStatements(): Promise<readonly CapturedStatement[]> {
    const connection = await ServerConnection.open(capture.dialect(), capture.config());
    await connection.close();
    return capture.take();
  }

  it('are made under an application lock that belongs to an open transaction', async () => {
    const said = (await bootStatements()).map(({ sql }) => sql);
    const place = (text: string): number => said.findIndex((sql) => sql.includes(text));
    expect(place('sp_getapplock')).toBeGreaterThan(-1);
    expect(said[place('sp_getapplock') - 1]).toBe('BEGIN');
    expect(place('sp_getapplock')).toBeLessThan(place('CREATE TABLE "process_store"'));
    // The comparison of the clocks follows.
    expect(said.filter((sql) => !sql.endsWith(' AS now')).at(-1)).toBe('COMMIT');
  });

  it('make the columns that the statements rest on', async () => {
    const tables = (await bootStatements())
      .map(({ sql }) => sql)
      .filter((sql) => sql.startsWith('CREATE TABLE'));
    const [processStore, eventLog] = ['process_store', 'event_log'].map((name) =>
      tables.find((sql) => sql.startsWith(`CREATE TABLE "${name}"`)),
    );
    expect(processStore).toContain(
      '"correlation_id" varchar(255) COLLATE Latin1_General_100_BIN2  NOT NULL'.replace('  ', ' '),
    );
    expect(processStore).toMatch(/"status" varchar\(50\) COLLATE Latin1_General_100_BIN2/);
    expect(processStore).toMatch(/"data" nvarchar\(max\)/i);
    expect(processStore).toMatch(/"started_at" datetime2\(3\) NOT NULL/);
    expect(eventLog).toMatch(/"id" bigint NOT NULL IDENTITY\(1,1\)/);
    expect(`${processStore}${eventLog}`).not.toMatch(/\bINDEX\b/);
  });

  it('report that the login lacks the permission, and roll back what was begun', async () => {
    capture.answer = ({ sql }) => (sql.startsWith('CREATE TABLE') ? serverError(262) : undefined);
    const opening = ServerConnection.open(capture.dialect(), capture.config());
    await expect(opening).rejects.toMatchObject({ name: 'DatabaseStartError' });
    await expect(opening).rejects.toThrow(
      `SQL Server at 127.0.0.1:${capture.server.port} refuses what the schema needs: error 262. A migration that had begun was taken ` +
        'back. Give the login api the right to create and use the tables',
    );
    expect(capture.take().filter(({ sql }) => sql === 'COMMIT')).toEqual([]);
  });

  it.each([
    ['a deadlock', serverError(1205, 13)],
    ['a server that is busy', serverError(40501, 20)],
  ])('blame no missing right for %s', async (_what, error) => {
    capture.answer = ({ sql }) => (sql.startsWith('CREATE TABLE') ? error : undefined);
    const opening = ServerConnection.open(capture.dialect(), capture.config());
    await expect(opening).rejects.toThrow(
      `SQL Server at 127.0.0.1:${capture.server.port} failed while the schema was read or changed: ${error.message}. ` +
        'A migration that had begun was taken back. Start again.',
    );
  });

  it('are followed by a working boot, whatever connections the server refuses at first', async () => {
    capture.answer = ({ sql }) => (sql.startsWith('SELECT 1 ') ? serverError(10928, 16) : undefined);
    const connection = await ServerConnection.open(capture.dialect(), capture.config());
    await connection.close();
  });

  it('make each index by a statement of its own, with the names of the specification', async () => {
    const indexes = (await bootStatements())
      .map(({ sql }) => /^CREATE (UNIQUE )?INDEX "(\w+)" ON "(\w+)"/.exec(sql))
      .filter((found) => found !== null)
      .map(([, , name, table]) => `${table}.${name}`);
    expect(indexes).toEqual(
      expect.arrayContaining([
        'process_store.idx_status',
        'process_store.idx_updated_at',
        'event_log.idx_correlation_id',
        'event_log.idx_created_at',
        'event_log.idx_status',
        'event_log.idx_step_name',
      ]),
    );
  });
});
