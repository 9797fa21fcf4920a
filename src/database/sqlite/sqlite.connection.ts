import type { Database } from 'better-sqlite3';
import { DataSource } from 'typeorm';
import {
  codeOf,
  type FileLock,
  isDamage,
  isDiskTrouble,
  isNoPermission,
  noPermission,
  quickCheck,
  RESTORE_GUIDE,
} from '../../common/sqlite-file/index.js';
import { NotDurableError, SqliteWriter, type SqliteWriterOptions } from '../../common/sqlite-writer/index.js';
import type { DatabaseConfig } from '../../config/index.js';
import { DatabaseConnection } from '../database.connection.js';
import { DatabaseStartError } from '../database.errors.js';
import { readSchemaVersion, updateSchema } from '../migration.runner.js';
import type { SqlExecutor, SqlRow, SqlValue } from '../sql.dialect.js';
import { sqliteDialect } from './sqlite.dialect.js';
import { lockDatabase, prepareDataDir, sqlitePath } from './sqlite.files.js';
import { sqliteOptions } from './sqlite.options.js';
import { SqliteTransaction, writeInOneMessage } from './sqlite.transaction.js';

/** A SQLite file: its lock, the thread that writes and the connection that reads. */
export class SqliteConnection extends DatabaseConnection {
  private constructor(
    private readonly writer: SqliteWriter,
    private readonly reader: DataSource,
    private readonly lock: FileLock,
    private readonly noteError: (error: unknown) => void,
  ) {
    super(sqliteDialect);
  }

  /**
   * Takes the lock, brings the schema up to date, and opens the thread that writes and the connection that reads.
   *
   * @param options.onDamage called for each read and write that meets damaged content
   * @throws DatabaseStartError with a sentence that names the cause and the remedy
   */
  static async open(
    { dataDir }: DatabaseConfig,
    {
      signal,
      onDamage = () => undefined,
    }: {
      readonly signal?: AbortSignal | undefined;
      readonly onDamage?: (sentence: string, error: unknown) => void;
    } = {},
  ): Promise<SqliteConnection> {
    const options = sqliteOptions(dataDir);
    prepareDataDir(dataDir);
    const lock = lockDatabase(sqlitePath(dataDir));
    const reader = new DataSource(options.reader);
    let writer: SqliteWriter | null = null;
    try {
      await refuseDamaged(sqlitePath(dataDir), signal);
      await prepareSchema(new DataSource(options.migrator), sqlitePath(dataDir));
      writer = await startWriter(options.writer);
      await reader.initialize();
      return new SqliteConnection(writer, reader, lock, (error) => {
        if (isDamage(error)) onDamage(damageOf(sqlitePath(dataDir), codeOf(error)), error);
      });
    } catch (error) {
      await closeAll(reader, writer, lock);
      throw error;
    }
  }

  override async read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    const runner = this.reader.createQueryRunner();
    try {
      return (await runner.query(this.dialect.statement(sql), [...parameters], true)).records as SqlRow[];
    } catch (error) {
      this.noteError(error);
      throw error;
    } finally {
      await runner.release();
    }
  }

  override schemaVersion(): Promise<number> {
    return readSchemaVersion(this.reader);
  }

  override async transaction<T>(
    work: (sql: SqlExecutor) => Promise<T>,
    { oneMessage = false }: { readonly oneMessage?: boolean } = {},
  ): Promise<T> {
    try {
      // Awaited here to catch damage.
      return await (oneMessage
        ? writeInOneMessage(this.writer, work)
        : new SqliteTransaction(this.writer.begin()).run(work));
    } catch (error) {
      this.noteError(error);
      throw error;
    }
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
    throw startError(path, error);
  }
  try {
    await assertDurable(migrator, path);
    await updateSchema(migrator);
    await assertWritable(migrator);
  } catch (error) {
    throw error instanceof Error && isFileTrouble(error) ? startError(path, error) : error;
  } finally {
    await migrator.destroy();
  }
}

/** @throws DatabaseStartError for a file with damaged pages */
async function refuseDamaged(path: string, signal: AbortSignal | undefined): Promise<void> {
  const check = await quickCheck(path, signal === undefined ? {} : { signal });
  if (check.status === 'damaged') throw new DatabaseStartError(damageOf(path, check.findings));
}

function damageOf(path: string, finding: string): string {
  return `${path} is damaged (${finding}). Restore it from a backup as ${RESTORE_GUIDE} says.`;
}

function isFileTrouble(error: Error): boolean {
  return isDamage(error) || isDiskTrouble(error);
}

/** The error for a file that cannot be opened or written at the boot. */
function startError(path: string, error: unknown): DatabaseStartError {
  const sentence = isDamage(error)
    ? damageOf(path, codeOf(error))
    : isNoPermission(error)
      ? `${noPermission(path, error)} Give this user the right to write the file and its folder, or set DATA_DIR to another folder.`
      : `${path} cannot be opened and written: ${messageOf(error)}. Make room on the disk, and the file and its folder writable, or set DATA_DIR to another folder.`;
  return new DatabaseStartError(sentence, { cause: error });
}

/**
 * Detects a full disk at the boot instead of at the first write, by writing the user version, which is unused, with its
 * current value.
 *
 * @throws SqliteError if the file cannot be written
 */
async function assertWritable(migrator: DataSource): Promise<void> {
  const runner = migrator.createQueryRunner();
  const connection = (await runner.connect()) as Database;
  try {
    connection.pragma(`user_version = ${String(connection.pragma('user_version', { simple: true }))}`);
  } finally {
    await runner.release();
  }
}

async function startWriter(options: SqliteWriterOptions): Promise<SqliteWriter> {
  const { writer, ready } = SqliteWriter.start(options);
  try {
    await ready;
  } catch (error) {
    if (error instanceof NotDurableError) throw new DatabaseStartError(`${error.message}.`, { cause: error });
    throw startError(options.path, error);
  }
  return writer;
}

/** The boot checks that commits survive a crash, because every guarantee of the service relies on it. */
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

async function closeAll(reader: DataSource, writer: SqliteWriter | null, lock: FileLock): Promise<void> {
  if (reader.isInitialized) await reader.destroy();
  await writer?.close();
  lock.release();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
