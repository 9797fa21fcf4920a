import { DataSource, type QueryRunner } from 'typeorm';
import type { DatabaseConfig, DatabaseServerConfig } from '../../../src/config/index.js';
import { serverDialectOf } from '../../../src/database/server/server.dialects.js';
import { newServerConfig } from '../../../src/database/testing/database.target.js';

/** A new schema on the server of this run. @throws Error on SQLite: run.mjs skips such tests */
export function serverConfig(changes: Partial<DatabaseServerConfig> = {}): DatabaseServerConfig {
  const config = newServerConfig();
  if (config === null)
    throw new Error('This suite needs a database server: npm run test:db -- --db postgres');
  return { ...config, ...changes };
}

/** A session separate from those of the service, without their timeouts. */
export class ServerSession {
  private constructor(
    readonly dataSource: DataSource,
    readonly runner: QueryRunner,
    private readonly config: DatabaseServerConfig,
  ) {}

  static async open(server: DatabaseConfig['server']): Promise<ServerSession> {
    if (server === null) throw new Error('There is no server.');
    const options = serverDialectOf(server).dataSourceOptions(server, 'schema');
    const dataSource = await new DataSource(options).initialize();
    return new ServerSession(dataSource, dataSource.createQueryRunner(), server);
  }

  /** The qualified name of a table of the service. */
  table(name: string): string {
    const { type, schema } = this.config;
    return schema === null ? name : type === 'mssql' ? `[${schema}].${name}` : `"${schema}".${name}`;
  }

  async query(sql: string): Promise<readonly Record<string, unknown>[]> {
    return (await this.runner.query(sql)) as readonly Record<string, unknown>[];
  }

  /** The tables of the schema, by name. */
  async tables(): Promise<readonly string[]> {
    const rows = await this.dataSource.query<{ name: string }[]>(
      'SELECT TABLE_NAME AS name FROM INFORMATION_SCHEMA.TABLES ' +
        `WHERE TABLE_SCHEMA = '${this.config.schema}' ORDER BY TABLE_NAME`,
    );
    return rows.map(({ name }) => name);
  }

  /** Resolves when another session waits for a lock that this one holds. */
  async untilAnotherWaits(): Promise<void> {
    const isPostgres = this.config.type === 'postgres';
    const [own] = await this.query(isPostgres ? 'SELECT pg_backend_pid() AS id' : 'SELECT @@SPID AS id');
    const id = Number(own?.id);
    const waiting = isPostgres
      ? `SELECT pid FROM pg_stat_activity WHERE ${id} = ANY(pg_blocking_pids(pid))`
      : `SELECT session_id FROM sys.dm_exec_requests WHERE blocking_session_id = ${id}`;
    // On another connection, because the session of the runner has an open transaction.
    while ((await this.dataSource.query<unknown[]>(waiting)).length === 0);
  }

  async close(): Promise<void> {
    if (this.runner.isTransactionActive) await this.runner.rollbackTransaction();
    await this.runner.release();
    await this.dataSource.destroy();
  }
}
