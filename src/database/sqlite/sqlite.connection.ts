import type { Database } from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { NotDurableError, SqliteWriter, type SqliteWriterOptions } from '../../common/sqlite-writer/index.js';
import type { DatabaseConfig } from '../../config/index.js';
import { DatabaseConnection } from '../database.connection.js';
import { DatabaseStartError } from '../database.errors.js';
import { readSchemaVersion, updateSchema } from '../migration.runner.js';
import type { SqlExecutor, SqlRow, SqlValue } from '../sql.dialect.js';
import { sqliteDialect } from './sqlite.dialect.js';
import { type DatabaseLock, lockDatabase, prepareDataDir, sqlitePath } from './sqlite.files.js';
import { sqliteOptions } from './sqlite.options.js';
import { SqliteTransaction, writeAtOnce } from './sqlite.transaction.js';

/** A SQLite file: its lock, the thread that writes and the connection that reads. */
export class SqliteConnection extends DatabaseConnection {
  private constructor(
    private readonly writer: SqliteWriter,
    private readonly reader: DataSource,
    private readonly lock: DatabaseLock,
  ) {
    super(sqliteDialect);
  }

  /**
   * Takes the lock, brings the schema up to date, and opens the thread that writes and the connection that reads.
   *
   * @throws DatabaseStartError with a sentence that names the cause and the remedy
   */
  static async open({ dataDir }: DatabaseConfig): Promise<SqliteConnection> {
    const options = sqliteOptions(dataDir);
    prepareDataDir(dataDir);
    const lock = lockDatabase(sqlitePath(dataDir));
    const reader = new DataSource(options.reader);
    let writer: SqliteWriter | null = null;
    try {
      await prepareSchema(new DataSource(options.migrator), sqlitePath(dataDir));
      writer = await startWriter(options.writer);
      await reader.initialize();
      return new SqliteConnection(writer, reader, lock);
    } catch (error) {
      await closeAll(reader, writer, lock);
      throw error;
    }
  }

  override async read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const runner = this.reader.createQueryRunner();
    try {
      return (await runner.query(this.dialect.statement(sql), [...parameters], true)).records as SqlRow[];
    } finally {
      await runner.release();
    }
  }

  override schemaVersion(): Promise<number> {
    return readSchemaVersion(this.reader);
  }

  override async transaction<T>(
    work: (sql: SqlExecutor) => Promise<T>,
    { atOnce = false }: { readonly atOnce?: boolean } = {},
  ): Promise<T> {
    if (atOnce) return writeAtOnce(this.writer, work);
    return new SqliteTransaction(this.writer.begin()).run(work);
  }

  /** Closes everything; the reader first, so that the writer folds the write-ahead log into the file. */
  override async close(): Promise<void> {
    await closeAll(this.reader, this.writer, this.lock);
  }
}

/** Brings the schema up to date over a connection of its own, which is closed again. */
async function prepareSchema(migrator: DataSource, path: string): Promise<void> {
  try {
    await migrator.initialize();
  } catch (error) {
    throw new DatabaseStartError(`${path} cannot be opened: ${messageOf(error)}.`, { cause: error });
  }
  try {
    await assertDurable(migrator, path);
    await updateSchema(migrator);
  } finally {
    await migrator.destroy();
  }
}

async function startWriter(options: SqliteWriterOptions): Promise<SqliteWriter> {
  const { writer, ready } = SqliteWriter.start(options);
  try {
    await ready;
  } catch (error) {
    if (error instanceof NotDurableError) throw new DatabaseStartError(`${error.message}.`, { cause: error });
    throw new DatabaseStartError(`${options.path} cannot be opened: ${messageOf(error)}.`, { cause: error });
  }
  return writer;
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

async function closeAll(reader: DataSource, writer: SqliteWriter | null, lock: DatabaseLock): Promise<void> {
  if (reader.isInitialized) await reader.destroy();
  await writer?.close();
  lock.release();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
