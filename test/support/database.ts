import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { createConfiguration, type DatabaseServerConfig } from '../../src/config/index.js';
import { serverDialectOf } from '../../src/database/server/server.dialects.js';
import type { SqlDialect } from '../../src/database/index.js';
import { sqliteDialect } from '../../src/database/sqlite/sqlite.dialect.js';
import { newServerConfig, removeServerSchema } from '../../src/database/testing/database.target.js';

/** A row of a table, by column. */
export type Row = Record<string, unknown>;

/**
 * The environment that selects the database of this run (`TEST_DB`) for a service. On SQLite it is empty, because the
 * file is in the service's folder; on a server it names a separate schema, the same one for the same folder.
 */
export function databaseVariables(dataDir: string): Record<string, string> {
  const server = newServerConfig();
  if (server === null) return {};
  return {
    DB_TYPE: server.type,
    DB_HOST: server.host,
    DB_PORT: String(server.port),
    DB_NAME: server.name,
    DB_USER: server.user,
    ...(server.password === null ? {} : { DB_PASSWORD: server.password }),
    DB_SCHEMA: `test_${createHash('sha256').update(dataDir).digest('hex').slice(0, 12)}`,
    DB_ENCRYPT: server.encrypt ? 'on' : 'off',
    DB_TRUST_SERVER_CERTIFICATE: 'on',
  };
}

/** Rows of the database of a service as another connection sees them: only committed ones. */
export async function readRows(dataDir: string, sql: string, parameters: readonly unknown[]): Promise<Row[]> {
  return run(dataDir, sql, parameters, true, (database) => database.prepare(sql).all(...parameters) as Row[]);
}

/** Changes rows without the service. @param parameters a Date is converted to the format of the database */
export async function changeRows(
  dataDir: string,
  sql: string,
  parameters: readonly (string | number | Date)[],
): Promise<void> {
  const { time } = dialectOf(dataDir);
  const given = parameters.map((value) => (value instanceof Date ? time(value) : value));
  await run(dataDir, sql, given, false, (database) => {
    database.prepare(sql).run(...given);
    return [];
  });
}

async function run(
  dataDir: string,
  sql: string,
  parameters: readonly unknown[],
  readonly: boolean,
  onSqlite: (database: Database.Database) => Row[],
): Promise<Row[]> {
  const server = serverOf(dataDir);
  if (server === null) {
    const database = new Database(join(dataDir, 'fastify-camunda.sqlite'), {
      readonly,
      timeout: 5_000,
    });
    try {
      return onSqlite(database);
    } finally {
      database.close();
    }
  }
  const dialect = serverDialectOf(server);
  const dataSource = await new DataSource(dialect.dataSourceOptions(server, 'schema')).initialize();
  try {
    return await dataSource.query(dialect.statement(sql), [...parameters]);
  } finally {
    await dataSource.destroy();
  }
}

function dialectOf(dataDir: string): SqlDialect {
  const server = serverOf(dataDir);
  return server === null ? sqliteDialect : serverDialectOf(server);
}

/** Removes the tables of a service from the server of this run; a SQLite file is removed with its folder. */
export async function removeTables(dataDir: string): Promise<void> {
  await removeServerSchema({ server: serverOf(dataDir) });
}

function serverOf(dataDir: string): DatabaseServerConfig | null {
  return createConfiguration(databaseVariables(dataDir)).database.server;
}
