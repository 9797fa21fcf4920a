import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import BetterSqlite3, { type Database } from 'better-sqlite3';
import {
  type GuardedStatement,
  NotDurableError,
  SqliteThreadEndedError,
  SqliteWriter,
  SqliteWriterClosedError,
  SqliteWriterError,
} from './index.js';

let folder: string;
let reader: Database;
let writer: SqliteWriter;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sqlite-writer-'));
  reader = new BetterSqlite3(path());
  reader.pragma('journal_mode = WAL');
  reader.exec('CREATE TABLE note (id INTEGER PRIMARY KEY, value TEXT UNIQUE)');
  writer = await start();
});

afterEach(async () => {
  await writer.close();
  reader.close();
  rmSync(folder, { recursive: true });
});

const path = (name = 'notes.sqlite'): string => join(folder, name);

async function start(options: { path?: string; busyTimeoutMs?: number } = {}): Promise<SqliteWriter> {
  const started = SqliteWriter.start({ path: path(), busyTimeoutMs: 0, pragmas: [], ...options });
  await started.ready;
  return started.writer;
}

const insert = (value: string | null): GuardedStatement => ({
  sql: 'INSERT INTO note (value) VALUES (?)',
  parameters: [value],
});

const values = (): unknown[] => reader.prepare('SELECT value FROM note ORDER BY id').pluck().all();

const threadOf = ({ worker }: { worker: Worker | null }): Worker => worker!;

const terminateThread = (): Promise<unknown> =>
  threadOf(writer as unknown as { worker: Worker | null }).terminate();

/** Statements that change nothing, so that a group is large enough for the thread. */
const PADDING = Array.from({ length: 200 }, (): GuardedStatement => ({ sql: 'SELECT 1', parameters: [] }));

describe.each([
  ['a small group, which is written on the spot', []],
  ['a large group, which the thread writes', PADDING],
])('%s', (_, padding) => {
  const write = async (...statements: readonly GuardedStatement[]) =>
    (await writer.write([...statements, ...padding])).slice(0, statements.length);

  it('has a result for each statement, and is durable when its promise settles', async () => {
    const select = { sql: 'SELECT id, value FROM note ORDER BY id', parameters: [] };
    for (const round of [1, 2]) {
      const results = await write(insert(`a${round}`), select);
      expect(results[0]).toEqual({ changes: 1, rows: [], otherwise: null });
      expect(results[1]?.rows.at(-1)).toEqual({ id: round, value: `a${round}` });
      expect(values()).toHaveLength(round);
    }
  });

  it('runs the other statement where the first finds too little, and only there', async () => {
    const found = (sql: string): GuardedStatement => ({
      sql,
      parameters: [],
      otherwise: { rows: 1, statement: { sql: "SELECT 'other' AS name", parameters: [] } },
    });
    const results = await write(
      found('SELECT 1 AS one'),
      found('SELECT 1 AS one WHERE 0'),
      found("INSERT INTO note (value) VALUES ('x')"),
      found('DELETE FROM note WHERE id = 77'),
    );
    expect(results.map(({ otherwise }) => otherwise)).toEqual([
      null,
      [{ name: 'other' }],
      null,
      [{ name: 'other' }],
    ]);
  });

  it('is not written at all where one statement fails, whose code is told; the next group is', async () => {
    await write(insert('a'));
    const failing = write(insert('b'), { sql: 'SELECT value FROM note', parameters: [] }, insert('a'));
    await expect(failing).rejects.toMatchObject({
      message: 'UNIQUE constraint failed: note.value',
      code: 'SQLITE_CONSTRAINT_UNIQUE',
    });
    expect(values()).toEqual(['a']);
    const [, read] = await write(insert('c'), { sql: 'SELECT value FROM note', parameters: [] });
    expect(read?.rows).toEqual([{ value: 'a' }, { value: 'c' }]);
  });
});

describe('SqliteWriter', () => {
  it('writes groups in the order in which they come, small and large', async () => {
    const groups = Array.from({ length: 40 }, (_, index) =>
      writer.write([insert(String(index)), ...(index % 3 === 0 ? PADDING : [])]),
    );
    await Promise.all(groups);
    expect(values()).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
  });

  it('keeps more statements apart than it remembers', async () => {
    for (let round = 0; round < 3; round += 1) {
      const statements = Array.from({ length: 300 }, (_, index) => ({
        sql: `SELECT ${round * 300 + index} AS number`,
        parameters: [],
      }));
      const results = await writer.write(statements);
      expect(results.map(({ rows }) => rows[0]?.number)).toEqual(
        Array.from({ length: 300 }, (_, index) => round * 300 + index),
      );
    }
  });

  it('lets a transaction go on behind its first results, and shows nothing of it before the commit', async () => {
    const transaction = writer.begin();
    await transaction.run([insert('a')]);
    expect(values()).toEqual([]);
    await transaction.run([insert('b')]);
    await transaction.commit();
    expect(values()).toEqual(['a', 'b']);
  });

  it('writes nothing of a transaction that is rolled back, or of which a statement failed', async () => {
    const left = writer.begin();
    await left.run([insert('a')]);
    await left.rollback();
    const failed = writer.begin();
    await failed.run([insert('b')]);
    const late = [failed.run([insert('b')]), failed.run([insert('c')])];
    for (const each of late) await expect(each).rejects.toBeInstanceOf(SqliteWriterError);
    await expect(failed.commit()).rejects.toThrow('no transaction is active');
    expect(values()).toEqual([]);
  });

  it('says that another process has the lock, or waits for it in the thread', async () => {
    const other = new BetterSqlite3(path());
    other.exec('BEGIN IMMEDIATE');
    await expect(writer.write([insert('a')])).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    const patient = await start({ busyTimeoutMs: 20_000 });
    const written = patient.write([insert('b')]);
    await new Promise((resolve) => setImmediate(resolve));
    other.exec('COMMIT');
    await written;
    expect(values()).toEqual(['b']);
    await patient.close();
    other.close();
  });

  it('refuses a file whose commits are not durable, and one that is not there', async () => {
    const plain = new BetterSqlite3(path('plain.sqlite'));
    plain.exec('CREATE TABLE t (a)');
    plain.close();
    await expect(start({ path: path('plain.sqlite') })).rejects.toBeInstanceOf(NotDurableError);
    await expect(start({ path: path('none.sqlite') })).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' });
  });

  it('tells what was on its way that its thread has ended, and goes on with another', async () => {
    const lost = writer.write([insert('a'), ...PADDING]);
    const ended = terminateThread();
    await expect(lost).rejects.toBeInstanceOf(SqliteThreadEndedError);
    await ended;
    await writer.write([insert('b'), ...PADDING]);
    expect(values()).toContain('b');
  });

  it('writes what waits when it is closed, takes nothing afterwards, and leaves the log to the last connection', async () => {
    const last = writer.write([insert('a'), ...PADDING]);
    await writer.close();
    await writer.close();
    await last;
    await expect(writer.write([insert('b')])).rejects.toBeInstanceOf(SqliteWriterClosedError);
    expect(values()).toEqual(['a']);
    reader.close();
    expect(existsSync(`${path()}-wal`)).toBe(false);
  });
});
