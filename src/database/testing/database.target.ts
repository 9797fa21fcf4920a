import { randomBytes } from 'node:crypto';
import { DataSource } from 'typeorm';
import type { DatabaseConfig, DatabaseServerConfig } from '../../config/index.js';
import { serverDialectOf } from '../server/server.dialects.js';

/** The database that tests run on: `TEST_DB`, and for a server `TEST_DB_HOST`, `_PORT`, `_NAME`, `_USER`, `_PASSWORD`. */
export const testDatabase = (process.env.TEST_DB ?? 'sqlite') as 'sqlite' | DatabaseServerConfig['type'];

/** A new place for tables on the server of this run; null if it runs on SQLite. */
export function newServerConfig(): DatabaseServerConfig | null {
  if (testDatabase === 'sqlite') return null;
  const { TEST_DB_HOST, TEST_DB_PORT, TEST_DB_NAME, TEST_DB_USER, TEST_DB_PASSWORD } = process.env;
  return {
    type: testDatabase,
    host: TEST_DB_HOST ?? '127.0.0.1',
    port: Number(TEST_DB_PORT),
    instance: null,
    multiSubnetFailover: false,
    replicaHost: null,
    name: TEST_DB_NAME ?? '',
    auth: { mode: 'sql' },
    user: TEST_DB_USER ?? '',
    password: TEST_DB_PASSWORD ?? null,
    schema: `test_${randomBytes(6).toString('hex')}`,
    encrypt: process.env.TEST_DB_ENCRYPT === 'on',
    trustServerCertificate: true,
    caFile: null,
    poolMax: 4,
    connectTimeoutMs: 5_000,
    // What waits for a lock in a test waits for a fault.
    statementTimeoutMs: 1_500,
    bootTimeoutMs: 2_000,
    migrate: true,
  };
}

/** Removes what {@link newServerConfig} gave a place for. */
export async function removeServerSchema({ server }: Pick<DatabaseConfig, 'server'>): Promise<void> {
  if (server?.schema == null) return;
  const { schema } = server;
  const dataSource = new DataSource(serverDialectOf(server).dataSourceOptions(server, 'schema'));
  await dataSource.initialize();
  try {
    if (server.type === 'postgres') {
      await dataSource.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
      return;
    }
    const tables: { name: string }[] = await dataSource.query(
      `SELECT name FROM sys.tables WHERE schema_id = SCHEMA_ID('${schema}')`,
    );
    for (const { name } of tables) await dataSource.query(`DROP TABLE [${schema}].[${name}]`);
    await dataSource.query(`IF SCHEMA_ID('${schema}') IS NOT NULL DROP SCHEMA [${schema}]`);
  } finally {
    await dataSource.destroy();
  }
}
