import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isSameOutcome, type ProcessIdentity, type ProcessRecord } from '../../src/process-store/index.js';
import { claimOf, type Instance, openInstance } from './support/instance.js';
import type { ZoneOrder, ZoneReport } from './support/time-zone.child.js';

/** Texts that some database does not store unchanged. */
const TEXTS: readonly (readonly [string, string])[] = [
  ['emoji and other planes', 'Zoë 😀 𝒳 漢字 \u{10ffff}'],
  ['combining characters, not normalised', 'e\u0301 \u00e9 \u212b \u00c5'],
  ['what looks like a placeholder or a quote', `? $1 @0 :name ' " \\ ; -- /* %s \${x}`],
  ['line ends and spaces', '  a\r\nb\n\tc\u2028\u2029 \u00a0 '],
  ['control characters', '\u0001\u0007\u001b\u007f\u0085\ufeff\uffff'],
  ['nothing', ''],
];

describe('a written value', () => {
  let instance: Instance;

  beforeEach(async () => {
    instance = await openInstance();
  });

  afterEach(async () => {
    await instance.fixture.remove();
  });

  const rowOf = async (correlationId: string): Promise<ProcessRecord> => {
    const row = await instance.repository.findProcessStore(correlationId);
    if (row === null) throw new Error(`There is no row ${correlationId}.`);
    return row;
  };

  /** Ends a process; returns the state of the store and of the table. */
  const ended = async (data: string): Promise<readonly (string | null)[]> => {
    const { record } = await instance.store.claim(claimOf('a'));
    const saved = await instance.store.save(record, { outcome: { origin: 'step', status: 'ok', data } });
    expect(saved.saved).toBe(true);
    return [saved.record?.data ?? null, (await rowOf('a')).data];
  };

  const failed = async (error: string): Promise<readonly (string | null)[]> => {
    const { record } = await instance.store.claim(claimOf('a'));
    const outcome = { origin: 'step', status: 'error', error, errorCode: 'X' } as const;
    const saved = await instance.store.save(record, { outcome });
    expect(saved.saved).toBe(true);
    return [saved.record?.error ?? null, (await rowOf('a')).error];
  };

  it.each(TEXTS)('keeps %s in results, messages and events', async (_what, text) => {
    const json = JSON.stringify({ text });
    expect(await ended(json)).toEqual([json, json]);
    await instance.store.insertFinished({
      correlationId: 'b',
      outcome: { origin: 'step', status: 'error', error: text, errorCode: null },
    });
    expect((await rowOf('b')).error).toBe(text);
    await instance.events.logEvent({
      correlationId: 'a',
      stepName: 's',
      status: 'ok',
      requestData: { text },
      metadata: [text],
      result: text,
    });
    expect(await instance.events.findEvents('a')).toMatchObject([
      { requestData: { text }, metadata: [text], result: text },
    ]);
  });

  it('keeps the variables of a start', async () => {
    const variables = JSON.stringify(Object.fromEntries(TEXTS));
    await instance.store.claim(claimOf('a', { variables }));
    expect(await instance.store.starts.findVariables('a')).toBe(variables);
  });

  it('keeps tenant, version tag and owner of a start', async () => {
    const given = { tenantId: 't'.repeat(64), versionTag: '1.2 "beta"', owner: "o'".repeat(127) };
    await instance.store.claim(claimOf('a', given));
    expect(await rowOf('a')).toMatchObject(given);
    await instance.store.claim(claimOf('b'));
    expect(await rowOf('b')).toMatchObject({ tenantId: null, versionTag: null, owner: null });
  });

  it('keeps JSON text unchanged, with its spaces, its order and its numbers', async () => {
    const json = '{ "b" : 1.0, "a":[ 1e400, 12345678901234567890, -0 ], "b": null }';
    expect(await ended(json)).toEqual([json, json]);
  });

  it('keeps lone surrogates if JSON escapes them', async () => {
    const json = JSON.stringify({ high: '\ud83d', low: 'x\ude00', both: '\ude00\ud83d' });
    expect(json).toContain('\\ud83d');
    expect(await ended(json)).toEqual([json, json]);
    expect(JSON.parse((await rowOf('a')).data ?? '')).toEqual({
      high: '\ud83d',
      low: 'x\ude00',
      both: '\ude00\ud83d',
    });
  });

  it('keeps an escaped NUL of JSON, and escapes an unescaped one', async () => {
    const json = JSON.stringify({ text: 'a\0b' });
    expect(json).toContain('\\u0000');
    expect(await ended(json)).toEqual([json, json]);
    await instance.fixture.remove();
    instance = await openInstance();
    expect(await failed('a\0b')).toEqual(['a\\u0000b', 'a\\u0000b']);
    await instance.events.logEvent({
      correlationId: 'a',
      stepName: 's\0',
      status: 'ok',
      result: 'a\0b',
      requestData: { text: 'a\0b' },
    });
    expect(await instance.events.findEvents('a')).toMatchObject([
      { stepName: 's\\u0000', result: 'a\\u0000b', requestData: { text: 'a\0b' } },
    ]);
  });

  it('returns a message with a lone surrogate as the table has it', async () => {
    const [returned, held] = await failed('a\ud83db');
    expect(returned).toBe(held);
    expect(held).toBe('a\ufffdb');
    // A duplicate report is recognized as equal.
    const again = { origin: 'step', status: 'error', error: 'a\ud83db', errorCode: 'X' } as const;
    expect(isSameOutcome(await rowOf('a'), again)).toBe(true);
    await instance.events.logEvent({
      correlationId: 'a',
      stepName: 's',
      status: 'error',
      errorMessage: '\ude00!',
    });
    expect(await instance.events.findEvents('a')).toMatchObject([{ errorMessage: '\ufffd!' }]);
  });

  it('keeps a result of 1 MB', async () => {
    const json = JSON.stringify({ text: '0123456789abcd€😀'.repeat(50_000) });
    expect(Buffer.byteLength(json)).toBeGreaterThan(1_000_000);
    const [returned, held] = await ended(json);
    expect(returned === json && held === json).toBe(true);
  });

  it('distinguishes ids of 255 characters by their last character', async () => {
    const long = 'x'.repeat(254);
    for (const last of ['a', 'A', 'b']) {
      expect((await instance.store.claim(claimOf(long + last, { claimId: last }))).kind).toBe('claimed');
      await instance.events.logEvent({ correlationId: long + last, stepName: 's'.repeat(255), status: 'ok' });
    }
    for (const last of ['a', 'A', 'b']) {
      expect((await rowOf(long + last)).claimId).toBe(last);
      expect(await instance.events.findEvents(long + last)).toMatchObject([
        { correlationId: long + last, seq: 1, stepName: 's'.repeat(255) },
      ]);
    }
    expect((await instance.store.claim(claimOf(`${long}a`, { claimId: 'c' }))).kind).toBe('exists');
  });

  it('treats ids that differ in case as two processes, also in one statement', async () => {
    const ids = ['Order', 'order', 'ORDER', 'ordeR'];
    const claims = await Promise.all(
      ids.map((correlationId, index) =>
        instance.store.claim(claimOf(correlationId, { claimId: `${index}` })),
      ),
    );
    expect(claims.map(({ kind }) => kind)).toEqual(ids.map(() => 'claimed'));
    await Promise.all(
      ids.map((correlationId) => instance.events.logEvent({ correlationId, stepName: 's', status: 'ok' })),
    );
    const [order] = claims;
    await instance.store.save(order!.record, { outcome: { origin: 'step', status: 'ok', data: '1' } });
    expect(await Promise.all(ids.map(async (id) => (await rowOf(id)).status))).toEqual([
      'ok',
      'pending',
      'pending',
      'pending',
    ]);
    for (const id of ids) expect(await instance.events.findEvents(id)).toMatchObject([{ seq: 1 }]);
  });

  /** Times of a column as the database formats them, in UTC with milliseconds. */
  const asText = (column: string): string => {
    const { server } = instance.fixture.config;
    if (server === null) return `replace(${column}, ' ', 'T') || 'Z'`;
    return server.type === 'postgres'
      ? `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
      : `REPLACE(CONVERT(varchar(23), ${column}, 121), ' ', 'T') + 'Z'`;
  };

  const TIMES = [
    // In some zone, the hour that daylight saving time skips and the hour that it repeats.
    '2026-03-29T02:30:00.123Z',
    '2026-10-25T01:30:00.999Z',
    '2026-10-25T00:30:00.001Z',
    '2000-02-29T23:59:59.999Z',
    '1999-12-31T23:59:59.000Z',
    '2999-12-31T23:59:59.010Z',
  ];

  const textsOf = async (column: string, table: string, order: string): Promise<unknown[]> =>
    (
      await instance.fixture.database.read(
        `SELECT ${asText(column)} AS written FROM ${table} ORDER BY ${order}`,
      )
    ).map(({ written }) => written);

  it('keeps times with milliseconds, in UTC', async () => {
    const { record } = await instance.store.claim(claimOf('a'));
    const row = await rowOf('a');
    expect([row.startedAt, row.startLeaseUntil]).toEqual([record.startedAt, record.startLeaseUntil]);
    expect(await textsOf('started_at', 'process_store', 'correlation_id')).toEqual([
      record.startedAt.toISOString(),
    ]);
    // Compares with the clock of the database.
    expect(Math.abs(row.startLeaseUntil!.getTime() - 15_000 - Date.now())).toBeLessThan(5_000);
    for (const time of TIMES)
      await instance.events.logEvent({
        correlationId: 'a',
        stepName: 's',
        status: 'ok',
        createdAt: new Date(time),
      });
    expect((await instance.events.findEvents('a')).map(({ createdAt }) => createdAt.toISOString())).toEqual(
      TIMES,
    );
    expect(await textsOf('created_at', 'event_log', 'seq')).toEqual(TIMES);
  });

  it.each(['Asia/Kathmandu', 'America/St_Johns', 'Pacific/Kiritimati', 'Europe/Berlin'])(
    'keeps the same times if the process is in %s',
    async (zone) => {
      // A SQLite file allows only one process at a time.
      await instance.fixture.stop();
      const { dataDir, server } = instance.fixture.config;
      const order: ZoneOrder = { changes: server === null ? { dataDir } : { server }, times: TIMES };
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', 'tsx', 'test/db/support/time-zone.child.ts', JSON.stringify(order)],
        { env: { ...process.env, TZ: zone } },
      );
      const report = JSON.parse(stdout) as ZoneReport;
      expect(report.offset).not.toBe(0);
      expect(report.events).toEqual(TIMES);
      expect(report.read).toEqual(report.claimed);
      instance = { ...instance, ...(await openInstance(order.changes)) };
      const row = await rowOf('zone');
      expect(
        [row.startedAt, row.updatedAt, row.startLeaseUntil, row.startLastAttemptAt].map(
          (time) => time?.toISOString() ?? null,
        ),
      ).toEqual(report.claimed);
      expect(Math.abs(row.startedAt.getTime() - Date.now())).toBeLessThan(60_000);
      expect(Math.abs(row.startLastAttemptAt!.getTime() - Date.now())).toBeLessThan(60_000);
      expect(await textsOf('created_at', 'event_log', 'seq')).toEqual(TIMES);
      expect(await textsOf('started_at', 'process_store', 'correlation_id')).toEqual([report.claimed[0]]);
    },
  );

  it('is listed once, page by page, if many began in the same millisecond', async () => {
    const ids = Array.from(
      { length: 60 },
      (_, index) =>
        [`id-${index}`, `ID-${index}`, `id_${index}`, `_${index}`, `~${index}`, `.${index}`][index % 6]!,
    );
    await Promise.all(ids.map((correlationId) => instance.store.claim(claimOf(correlationId))));
    const { dialect } = instance.fixture.database;
    const at = new Date('2026-01-01T00:00:00.123Z');
    await instance.fixture.connection.transaction((sql) =>
      sql.execute("UPDATE process_store SET started_at = ? WHERE correlation_id <> 'id-0'", [
        dialect.time(at),
      ]),
    );
    const listed: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await instance.store.list({
        limit: 7,
        maxBytes: 1_000_000,
        ...(cursor === null ? {} : { cursor }),
      });
      expect(page.processes.length).toBeLessThanOrEqual(7);
      listed.push(...page.processes.map(({ correlationId }) => correlationId));
      cursor = page.nextCursor;
    } while (cursor !== null);
    const tied = ids.filter((id) => id !== 'id-0');
    // By code unit, independent of the locale of the server.
    expect(listed).toEqual(['id-0', ...tied.sort((a, b) => (a < b ? 1 : -1))]);

    const walked: string[] = [];
    let after: ProcessIdentity | null = null;
    do {
      const found = await instance.store.table.findReplaceableBefore(new Date(at.getTime() + 1), after, 7);
      walked.push(...found.map(({ correlationId }) => correlationId));
      after = found.at(-1) ?? null;
    } while (after !== null);
    expect(walked).toEqual([...tied].sort((a, b) => (a < b ? -1 : 1)));
  });
});
