import BetterSqlite3 from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { serverDialectOf } from '../server/server.dialects.js';
import { sqlitePath } from '../sqlite/sqlite.files.js';
import type { DatabaseFixture } from './database.fixture.js';

/** The name of a table of a test's own, as a statement has to write it. */
export function testTable({ config: { server } }: Pick<DatabaseFixture, 'config'>, name: string): string {
  return server?.type === 'mssql' && server.schema !== null ? `[${server.schema}].${name}` : name;
}

/**
 * Keeps every other from writing to a table, until what it returns is called: on SQLite all writes fail at once, on a
 * server those to the table when their time is over.
 */
export async function lockWrites(fixture: DatabaseFixture, table: string): Promise<() => Promise<void>> {
  const { dataDir, server } = fixture.config;
  if (server === null) {
    const other = new BetterSqlite3(sqlitePath(dataDir));
    other.exec('BEGIN IMMEDIATE');
    return async () => {
      other.close();
    };
  }
  const other = new DataSource(serverDialectOf(server).dataSourceOptions(server, 'schema'));
  await other.initialize();
  const runner = other.createQueryRunner();
  await runner.startTransaction();
  await runner.query(
    server.type === 'postgres'
      ? `LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE`
      : `SELECT COUNT(*) FROM ${testTable(fixture, table)} WITH (TABLOCK, UPDLOCK, HOLDLOCK)`,
  );
  return async () => {
    await runner.rollbackTransaction();
    await runner.release();
    await other.destroy();
  };
}

/** Lets the database refuse rows of a table in which a column is a text; texts and names are the test's own. */
export async function refuseRows(
  { connection, config }: DatabaseFixture,
  table: string,
  column: string,
  text: string,
): Promise<void> {
  await connection.transaction((sql) =>
    sql.execute(
      config.server === null
        ? `CREATE TRIGGER poison_${table} BEFORE INSERT ON ${table} WHEN NEW.${column} = '${text}' BEGIN SELECT RAISE(ABORT, 'no'); END`
        : `ALTER TABLE ${testTable({ config }, table)} ADD CONSTRAINT poison_${table} CHECK (${column} <> '${text}')`,
    ),
  );
}

/** Lets the database refuse rows of `event_log` whose result is a text. */
export function refuseEvents(fixture: DatabaseFixture, result: string): Promise<void> {
  return refuseRows(fixture, 'event_log', 'result', result);
}
