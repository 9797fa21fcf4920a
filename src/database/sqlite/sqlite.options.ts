import type { Database } from 'better-sqlite3';
import type { DataSourceOptions } from 'typeorm';
import { entitiesOf, MIGRATIONS } from '../../../migrations/index.js';
import type { SqliteWriterOptions } from '../../common/sqlite-writer/index.js';
import { sqlitePath } from './sqlite.files.js';

/** Prepared statements that a connection keeps: every statement of the stores in each of its batch sizes. */
const STATEMENT_CACHE_SIZE = 300;

/** How long a read waits inside SQLite for a lock, in ms; a reader waits only while a crashed file is recovered. */
const READ_BUSY_TIMEOUT_MS = 1_000;

/**
 * Pages of 4 KiB in the write-ahead log before they are folded into the file. At SQLite's 1 000 that came every fifty
 * processes, and wrote the same pages of the indexes again each time.
 */
const CHECKPOINT_PAGES = 4_000;

/** How the file is opened; the service and the migration commands both start here. */
interface SqliteOptions {
  /** The connection that brings the schema up to date, at the boot and in the migration commands. */
  readonly migrator: DataSourceOptions;
  /** The thread that writes afterwards. */
  readonly writer: SqliteWriterOptions;
  /** The connection for all reads. */
  readonly reader: DataSourceOptions;
}

/** @param dataDir folder of the file */
export function sqliteOptions(dataDir: string): SqliteOptions {
  const common = {
    type: 'better-sqlite3',
    database: sqlitePath(dataDir),
    entities: entitiesOf('sqlite'),
    statementCacheSize: STATEMENT_CACHE_SIZE,
    logging: false,
  } as const;
  return {
    migrator: {
      ...common,
      migrations: [...MIGRATIONS],
      timeout: 0,
      prepareDatabase: (database: Database) => {
        database.pragma('journal_mode = WAL');
        // WAL alone leaves NORMAL, which loses the last commits when the machine stops.
        database.pragma('synchronous = FULL');
      },
    },
    writer: {
      path: sqlitePath(dataDir),
      // The write queue backs off instead, and reports meanwhile that the database is unavailable.
      busyTimeoutMs: 0,
      pragmas: [
        `wal_autocheckpoint = ${CHECKPOINT_PAGES}`,
        // An insert of many rows writes a statement journal: by default a new temporary file each time.
        'temp_store = MEMORY',
      ],
    },
    // The driver has one connection, and its reads would see the uncommitted writes of an open transaction.
    reader: { ...common, readonly: true, fileMustExist: true, timeout: READ_BUSY_TIMEOUT_MS },
  };
}
