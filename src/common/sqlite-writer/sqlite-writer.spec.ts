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

describe('SqliteWriter', () => {
  const write = (...statements: readonly GuardedStatement[]) => writer.write(statements);

  it('returns a result for each statement, and is durable when its promise settles', async () => {
    const select = { sql: 'SELECT id, value FROM note ORDER BY id', parameters: [] };
    for (const round of [1, 2]) {
      const results = await write(insert(`a${round}`), select);
      expect(results[0]).toEqual({ changes: 1, rows: [], otherwise: null });
      expect(results[1]?.rows.at(-1)).toEqual({ id: round, value: `a${round}` });
      expect(values()).toHaveLength(round);
    }
  });

  it('runs the other statement only if the first finds too little', async () => {
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

  it('writes nothing if a statement fails, rejects with its code, and writes the next group', async () => {
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

  it('writes groups in the order of the calls', async () => {
    const groups = Array.from({ length: 40 }, (_, index) => write(insert(String(index))));
    await Promise.all(groups);
    expect(values()).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
  });

  it('distinguishes more statements than it remembers', async () => {
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

  it('continues a transaction after its first results, and shows nothing of it before the commit', async () => {
    const transaction = writer.begin();
    await transaction.run([insert('a')]);
    expect(values()).toEqual([]);
    await transaction.run([insert('b')]);
    await transaction.commit();
    expect(values()).toEqual(['a', 'b']);
  });

  it('writes nothing of a transaction that is rolled back or has a failed statement', async () => {
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

  it('rejects if another process has the lock, or waits for it in the thread', async () => {
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

  it('refuses a file whose commits are not durable, and one that does not exist', async () => {
    const plain = new BetterSqlite3(path('plain.sqlite'));
    plain.exec('CREATE TABLE t (a)');
    plain.close();
    await expect(start({ path: path('plain.sqlite') })).rejects.toBeInstanceOf(NotDurableError);
    await expect(start({ path: path('none.sqlite') })).rejects.toMatchObject({ code: 'SQLITE_CANTOPEN' });
  });

  it('rejects open requests if its thread ends, and starts another thread', async () => {
    const lost = writer.write([insert('a')]);
    const ended = terminateThread();
    await expect(lost).rejects.toBeInstanceOf(SqliteThreadEndedError);
    await ended;
    await writer.write([insert('b')]);
    expect(values()).toContain('b');
  });

  it('writes waiting requests when it is closed, refuses later ones, and leaves the log to the last connection', async () => {
    const last = writer.write([insert('a')]);
    await writer.close();
    await writer.close();
    await last;
    await expect(writer.write([insert('b')])).rejects.toBeInstanceOf(SqliteWriterClosedError);
    expect(values()).toEqual(['a']);
    reader.close();
    expect(existsSync(`${path()}-wal`)).toBe(false);
  });
});
