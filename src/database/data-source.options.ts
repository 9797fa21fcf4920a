import type { Database } from 'better-sqlite3';
import type { DataSourceOptions } from 'typeorm';
import { entitiesOf, MIGRATIONS } from '../../migrations/index.js';
import type { DatabaseConfig } from '../config/index.js';
import type { SqliteWriterOptions } from '../common/sqlite-writer/index.js';
import type { SqlDialect } from './sql.dialect.js';
import { sqliteDialect } from './sqlite.dialect.js';
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

/** How a database is opened; the service and the migration commands both start here. */
export interface DatabaseOptions {
  readonly dialect: SqlDialect;
  /** Of the connection that brings the schema up to date, at the boot and in the migration commands. */
  readonly migrator: DataSourceOptions;
  /** Of the thread that writes from then on. */
  readonly writer: SqliteWriterOptions;
  /** Of the connection that all reads go through. */
  readonly reader: DataSourceOptions;
}

/**
 * The options of the configured database.
 *
 * @throws Error for a database that this version does not speak to
 */
export function databaseOptions(config: DatabaseConfig): DatabaseOptions {
  switch (config.type) {
    case 'sqlite':
      return sqliteOptions(config);
    case 'postgres':
    case 'mssql':
      throw new Error(`DB_TYPE ${config.type} is not supported by this version.`);
  }
}

function sqliteOptions(config: DatabaseConfig): DatabaseOptions {
  const common = {
    type: 'better-sqlite3',
    database: sqlitePath(config.dataDir),
    entities: entitiesOf('sqlite'),
    statementCacheSize: STATEMENT_CACHE_SIZE,
    logging: false,
  } as const;
  return {
    dialect: sqliteDialect,
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
      path: sqlitePath(config.dataDir),
      // The write queue backs off, and knows meanwhile that the database is away.
      busyTimeoutMs: 0,
      pragmas: [`wal_autocheckpoint = ${CHECKPOINT_PAGES}`],
    },
    // The driver has one connection for everything, and its reads would see what an open transaction has written.
    reader: { ...common, readonly: true, fileMustExist: true, timeout: READ_BUSY_TIMEOUT_MS },
  };
}
