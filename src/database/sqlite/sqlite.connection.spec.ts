import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import BetterSqlite3 from 'better-sqlite3';
import { SCHEMA_VERSION } from '../../../migrations/index.js';
import { DatabaseStartError, DatabaseUnavailableError } from '../database.errors.js';
import { SqliteConnection } from './sqlite.connection.js';
import { sqlitePath } from './sqlite.files.js';
import {
  type DatabaseFixture,
  openDatabase,
  sqliteConfig,
  temporaryFolder,
} from '../testing/database.fixture.js';

describe('SqliteConnection', () => {
  let opened: DatabaseFixture[] = [];
  let folders: string[] = [];
  let children: ChildProcess[] = [];

  async function open(dataDir?: string): Promise<DatabaseFixture> {
    const fixture = await openDatabase(dataDir === undefined ? {} : { dataDir });
    opened.push(fixture);
    return fixture;
  }

  function folder(): string {
    const path = temporaryFolder();
    folders.push(path);
    return path;
  }

  function hold(dataDir: string): { child: ChildProcess; said: Promise<string> } {
    const script = new URL('../testing/database.holder.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const said = once(child.stdout, 'data').then(([data]) => String(data));
    return { child, said };
  }

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const child of children) child.kill('SIGKILL');
    for (const fixture of opened) await fixture.remove();
    for (const path of folders) rmSync(path, { recursive: true, force: true });
    opened = [];
    folders = [];
    children = [];
  });

  it('opens the file in a folder that it makes, with the schema up to date', async () => {
    const { database, config } = await open(join(folder(), 'deep', 'data'));
    expect(existsSync(sqlitePath(config.dataDir))).toBe(true);
    expect(await database.schemaVersion()).toBe(SCHEMA_VERSION);
    expect(await database.isHealthy()).toBe(true);
  });

  it('writes with a write-ahead log and synchronous FULL', async () => {
    const { connection } = await open();
    const rows = await connection.transaction(async (sql) => [
      ...(await sql.query('PRAGMA journal_mode')),
      ...(await sql.query('PRAGMA synchronous')),
    ]);
    expect(rows).toEqual([{ journal_mode: 'wal' }, { synchronous: 2 }]);
  });

  it('refuses to run if the file does not support a write-ahead log', async () => {
    const pragma = BetterSqlite3.prototype.pragma;
    jest.spyOn(BetterSqlite3.prototype, 'pragma').mockImplementation(function (
      this: BetterSqlite3.Database,
      source,
      options,
    ) {
      return source === 'journal_mode' ? 'delete' : pragma.call(this, source, options);
    });
    await expect(open(folder())).rejects.toThrow(/journal_mode=delete and synchronous=2.*local disk/);
  });

  it('reports in one sentence that the folder cannot be created', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, '');
    const failing = SqliteConnection.open(sqliteConfig(join(file, 'data')));
    await expect(failing).rejects.toBeInstanceOf(DatabaseStartError);
    await expect(failing).rejects.toThrow(/cannot be made \(ENOTDIR\)\. Set DATA_DIR to a folder/);
  });

  it('refuses a file with a damaged page, and names the restore guide', async () => {
    const dataDir = folder();
    const fixture = await open(dataDir);
    const { config } = fixture;
    await fixture.stop();
    const content = readFileSync(sqlitePath(dataDir));
    writeFileSync(sqlitePath(dataDir), content.fill(0x5a, content.length - 4_096));
    await expect(SqliteConnection.open(config)).rejects.toMatchObject({
      name: 'DatabaseStartError',
      message: expect.stringMatching(/fastify-camunda\.sqlite is damaged.*operations\.md/),
    });
  });

  it('reports damage that a read meets in operation, and no other fault', async () => {
    const dataDir = folder();
    const fixture = await open(dataDir);
    const { config } = fixture;
    await fixture.stop();
    const told: string[] = [];
    const connection = await SqliteConnection.open(config, { onDamage: (sentence) => told.push(sentence) });
    await expect(connection.read('SELECT * FROM absent_table', [])).rejects.toThrow('no such table');
    expect(told).toEqual([]);
    const content = readFileSync(sqlitePath(dataDir));
    writeFileSync(sqlitePath(dataDir), content.fill(0x5a, 4_096), { flag: 'r+' });
    await expect(connection.read('SELECT COUNT(*) FROM event_log', [])).rejects.toThrow('malformed');
    expect(told).toEqual([expect.stringMatching(/is damaged \(SQLITE_CORRUPT.*operations\.md/)]);
    await connection.close();
  });

  it('reports that the file is not a database, and frees the lock', async () => {
    const dataDir = folder();
    writeFileSync(sqlitePath(dataDir), 'this is text, and long enough to be looked at as a header of SQLite');
    await expect(open(dataDir)).rejects.toThrow(/is damaged \(.*not a database\).*operations\.md/);
    rmSync(sqlitePath(dataDir));
    expect(await (await open(dataDir)).database.isHealthy()).toBe(true);
  });

  it('refuses a schema that is newer than the code', async () => {
    const first = await open();
    await first.connection.transaction((sql) =>
      sql.execute("INSERT INTO schema_version VALUES (99, '2026-01-01 00:00:00.000', NULL)"),
    );
    await expect(first.reopen()).rejects.toThrow(
      `schema version 99, this version of the service knows ${SCHEMA_VERSION}, and the newer schema does not work with it. Run`,
    );
  });

  it('opens a newer schema if each newer migration works with this code', async () => {
    const first = await open();
    const add = (version: number, compatibleWith: number) =>
      first.connection.transaction((sql) =>
        sql.execute(
          `INSERT INTO schema_version VALUES (${version}, '2026-01-01 00:00:00.000', ${compatibleWith})`,
        ),
      );
    await add(SCHEMA_VERSION + 1, SCHEMA_VERSION);
    await add(SCHEMA_VERSION + 2, 1);
    const second = await first.reopen();
    expect(await second.database.schemaVersion()).toBe(SCHEMA_VERSION + 2);
    await second.connection.transaction((sql) =>
      sql.execute(
        `INSERT INTO schema_version VALUES (${SCHEMA_VERSION + 3}, '2026-01-01 00:00:00.000', ${SCHEMA_VERSION + 1})`,
      ),
    );
    await expect(second.reopen()).rejects.toThrow('the newer schema does not work with it');
  });

  it('refuses a second opening in the same process until the first is closed', async () => {
    const first = await open();
    await expect(openDatabase(first.config)).rejects.toThrow(/in use by another process/);
    await first.stop();
    expect(await (await open(first.config.dataDir)).database.isHealthy()).toBe(true);
  });

  it('refuses a second process until the holder is killed', async () => {
    const dataDir = folder();
    const holder = hold(dataDir);
    expect(await holder.said).toBe('open\n');
    await expect(open(dataDir)).rejects.toThrow(/in use by another process/);
    const second = hold(dataDir);
    expect(await second.said).toMatch(/in use by another process\. Stop that one first/);

    const exited = once(holder.child, 'exit');
    holder.child.kill('SIGKILL');
    await exited;
    expect(await (await open(dataDir)).database.isHealthy()).toBe(true);
  });

  it('rejects a read if the database is unavailable', async () => {
    const { database, stop } = await open();
    await stop();
    await expect(database.read('SELECT 1')).rejects.toBeInstanceOf(DatabaseUnavailableError);
    expect(await database.isHealthy()).toBe(false);
  });

  it('rejects a read with a wrong statement', async () => {
    const { database } = await open();
    await expect(database.read('SELECT 1 FROM nowhere')).rejects.toThrow(/no such table/);
  });

  it('refuses writes over the reading connection', async () => {
    const { database } = await open();
    await expect(database.read('DELETE FROM schema_version')).rejects.toThrow(/does not answer|readonly/);
    expect(await database.schemaVersion()).toBe(SCHEMA_VERSION);
  });
});
