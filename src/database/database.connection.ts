import type { Database } from 'better-sqlite3';
import { Logger } from '@nestjs/common';
import { DataSource, type QueryRunner } from 'typeorm';
import type { DatabaseConfig } from '../config/index.js';
import { databaseOptions } from './data-source.options.js';
import { DatabaseStartError } from './database.errors.js';
import { migrate, readSchemaVersion } from './migration.runner.js';
import type { SqlDialect, SqlExecutor, SqlRow, SqlValue } from './sql.dialect.js';
import { type DatabaseLock, lockDatabase, prepareDataDir, sqlitePath } from './sqlite.files.js';

/**
 * The open database: its lock, the connection that writes and the one that reads. Stays inside `database/`: the write
 * queue alone writes, everything else reads through `DatabaseService`.
 */
export class DatabaseConnection {
  private constructor(
    readonly dialect: SqlDialect,
    private readonly writer: DataSource,
    private readonly reader: DataSource,
    private readonly lock: DatabaseLock,
  ) {}

  /**
   * Takes the lock, opens both connections and brings the schema up to date.
   *
   * @throws DatabaseStartError with a sentence that names the cause and the remedy
   */
  static async open(config: DatabaseConfig): Promise<DatabaseConnection> {
    const options = databaseOptions(config);
    prepareDataDir(config.dataDir);
    const lock = lockDatabase(sqlitePath(config.dataDir));
    const writer = new DataSource(options.writer);
    const reader = new DataSource(options.reader);
    try {
      await openSources(writer, reader, sqlitePath(config.dataDir));
    } catch (error) {
      await closeAll(reader, writer, lock);
      throw error;
    }
    return new DatabaseConnection(options.dialect, writer, reader, lock);
  }

  /** The rows of a SELECT, over the connection that sees only what is committed. */
  async read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const runner = this.reader.createQueryRunner();
    try {
      return await executorOf(runner, this.dialect).query(sql, parameters);
    } finally {
      await runner.release();
    }
  }

  /** The number of migrations applied. */
  schemaVersion(): Promise<number> {
    return readSchemaVersion(this.reader);
  }

  /** Runs work in one transaction: what it wrote is durable when this settles, or nothing is. */
  async transaction<T>(work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
    const runner = this.writer.createQueryRunner();
    try {
      await this.dialect.begin(runner);
      const result = await work(executorOf(runner, this.dialect));
      await this.dialect.commit(runner);
      return result;
    } catch (error) {
      await this.rollback(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }

  /** Closes everything; the reader first, so that the writer folds the write-ahead log into the file. */
  async close(): Promise<void> {
    await closeAll(this.reader, this.writer, this.lock);
  }

  private async rollback(runner: QueryRunner): Promise<void> {
    try {
      await this.dialect.rollback(runner);
    } catch {
      // What made the transaction fail is thrown; a connection that cannot roll back says so at its next use.
    }
  }
}

/** Statements on a query runner, with the dialect's placeholders. */
function executorOf(runner: QueryRunner, dialect: SqlDialect): SqlExecutor {
  return {
    query: async (sql, parameters = []) =>
      (await runner.query(dialect.statement(sql), [...parameters], true)).records as SqlRow[],
    execute: async (sql, parameters = []) =>
      (await runner.query(dialect.statement(sql), [...parameters], true)).affected ?? 0,
  };
}

async function openSources(writer: DataSource, reader: DataSource, path: string): Promise<void> {
  try {
    await writer.initialize();
  } catch (error) {
    throw new DatabaseStartError(`${path} cannot be opened: ${messageOf(error)}.`, { cause: error });
  }
  await assertDurable(writer, path);
  const applied = await migrate(writer);
  if (applied.length > 0) new Logger('Database').log({ msg: 'The schema was brought up to date.', applied });
  await reader.initialize();
}

/** A commit that does not survive a crash would break every promise of the service, so the boot makes sure. */
async function assertDurable(writer: DataSource, path: string): Promise<void> {
  const runner = writer.createQueryRunner();
  const connection = (await runner.connect()) as Database;
  const mode = connection.pragma('journal_mode', { simple: true });
  const synchronous = connection.pragma('synchronous', { simple: true });
  await runner.release();
  if (mode !== 'wal' || synchronous !== 2) {
    throw new DatabaseStartError(
      `${path} runs with journal_mode=${String(mode)} and synchronous=${String(synchronous)} where wal and 2 (FULL) ` +
        'are needed: its file system may not support a write-ahead log. Set DATA_DIR to a local disk.',
    );
  }
}

async function closeAll(reader: DataSource, writer: DataSource, lock: DatabaseLock): Promise<void> {
  if (reader.isInitialized) await reader.destroy();
  if (writer.isInitialized) await writer.destroy();
  lock.release();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
