import type { Database } from 'better-sqlite3';
import { Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { NotDurableError, SqliteWriter, type SqliteWriterOptions } from '../common/sqlite-writer/index.js';
import type { DatabaseConfig } from '../config/index.js';
import { databaseOptions } from './data-source.options.js';
import { DatabaseStartError } from './database.errors.js';
import { migrate, readSchemaVersion } from './migration.runner.js';
import type { SqlDialect, SqlExecutor, SqlRow, SqlValue } from './sql.dialect.js';
import { type DatabaseLock, lockDatabase, prepareDataDir, sqlitePath } from './sqlite.files.js';
import { SqliteTransaction, writeAtOnce } from './sqlite.transaction.js';

/**
 * The open database: its lock, the thread that writes and the connection that reads. Stays inside `database/`: the
 * write queue alone writes, everything else reads through `DatabaseService`.
 */
export class DatabaseConnection {
  private soleUseTaken = false;

  private constructor(
    readonly dialect: SqlDialect,
    private readonly writer: SqliteWriter,
    private readonly reader: DataSource,
    private readonly lock: DatabaseLock,
  ) {}

  /**
   * Takes the lock, brings the schema up to date, and opens the thread that writes and the connection that reads.
   *
   * @throws DatabaseStartError with a sentence that names the cause and the remedy
   */
  static async open(config: DatabaseConfig): Promise<DatabaseConnection> {
    const options = databaseOptions(config);
    prepareDataDir(config.dataDir);
    const lock = lockDatabase(sqlitePath(config.dataDir));
    const reader = new DataSource(options.reader);
    let writer: SqliteWriter | null = null;
    try {
      await updateSchema(new DataSource(options.migrator), sqlitePath(config.dataDir));
      writer = await startWriter(options.writer);
      await reader.initialize();
      return new DatabaseConnection(options.dialect, writer, reader, lock);
    } catch (error) {
      await closeAll(reader, writer, lock);
      throw error;
    }
  }

  /** True for the first call where a lock keeps every other process away. */
  takeSoleUse(): boolean {
    const isFirst = this.dialect.exclusive && !this.soleUseTaken;
    this.soleUseTaken = true;
    return isFirst;
  }

  /** The rows of a SELECT, over the connection that sees only what is committed. */
  async read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const runner = this.reader.createQueryRunner();
    try {
      return (await runner.query(this.dialect.statement(sql), [...parameters], true)).records as SqlRow[];
    } finally {
      await runner.release();
    }
  }

  /** The number of migrations applied. */
  schemaVersion(): Promise<number> {
    return readSchemaVersion(this.reader);
  }

  /**
   * Runs work in one transaction: what it wrote is durable when this settles, or nothing is. One at a time.
   *
   * @param options.atOnce the work issues all its statements before it waits for the first: they and the commit go to
   *   the thread together, and their results come back when they are durable
   */
  async transaction<T>(
    work: (sql: SqlExecutor) => Promise<T>,
    { atOnce = false }: { readonly atOnce?: boolean } = {},
  ): Promise<T> {
    if (atOnce) return writeAtOnce(this.writer, work);
    return new SqliteTransaction(this.writer.begin()).run(work);
  }

  /** Closes everything; the reader first, so that the writer folds the write-ahead log into the file. */
  async close(): Promise<void> {
    await closeAll(this.reader, this.writer, this.lock);
  }
}

/** Brings the schema up to date over a connection of its own, which is closed again. */
async function updateSchema(migrator: DataSource, path: string): Promise<void> {
  try {
    await migrator.initialize();
  } catch (error) {
    throw new DatabaseStartError(`${path} cannot be opened: ${messageOf(error)}.`, { cause: error });
  }
  try {
    await assertDurable(migrator, path);
    const applied = await migrate(migrator);
    if (applied.length > 0)
      new Logger('Database').log({ msg: 'The schema was brought up to date.', applied });
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
