import type { DataSource, DataSourceOptions } from 'typeorm';
import type { DatabaseServerConfig } from '../../config/index.js';
import type { SqlDialect, SqlValue } from '../sql.dialect.js';
import type { IssuedStatement, StatementResult } from '../statement.collector.js';
import type { ServerFault } from './server.fault.js';

/**
 * What connections are for: the reads of the service, the transactions of its write queue, or a change of the schema.
 * The writer has one of its own, so that no number of readers holds it up.
 */
export type ConnectionPurpose = 'read' | 'write' | 'schema';

/** The session that something runs on: the locks of the schema are taken on it. */
export interface ServerSession {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** A dialect whose database is a server that is reached over the network. */
export interface ServerDialect extends SqlDialect {
  /** What people call it. */
  readonly productName: string;
  readonly dataSourceOptions: (config: DatabaseServerConfig, purpose: ConnectionPurpose) => DataSourceOptions;
  /** A parameter as the driver takes it. */
  readonly bind: (value: SqlValue) => unknown;
  /**
   * Takes the lock of the schema until the transaction of the session ends, which is open already.
   *
   * @throws an error where somebody else holds it for longer than the time-out
   */
  readonly lockSchema: (session: ServerSession, timeoutMs: number) => Promise<void>;
  /** Makes the schema of `DB_SCHEMA` where there is none. */
  readonly createSchema: (session: ServerSession, schema: string) => Promise<void>;
  /**
   * Makes sure that a commit survives a crash of the server, if the session cannot set that itself, and warns of
   * settings that slow the service down.
   *
   * @throws DatabaseStartError if the database is set to forget commits
   */
  readonly checkSettings: (session: ServerSession, config: DatabaseServerConfig) => Promise<void>;
  /**
   * Runs a whole transaction in one round trip; absent on a server whose driver cannot.
   *
   * @returns what each statement came to, after the commit @throws the first error; nothing is written then, unless the
   *   server was lost
   */
  readonly runInOneMessage?: (
    dataSource: DataSource,
    statements: readonly IssuedStatement[],
  ) => Promise<readonly StatementResult[]>;
  /** What an error of connecting means; null for one that only says that the server is not there yet. */
  readonly connectFault: (error: unknown, config: DatabaseServerConfig) => ServerFault | null;
  /** True if an error says that the login may not do what it tried. */
  readonly lacksRight: (error: unknown) => boolean;
}

/** How many connections a purpose may hold, so that all of the service are `DB_POOL_MAX`. */
export function connectionsFor(purpose: ConnectionPurpose, { poolMax }: DatabaseServerConfig): number {
  return { read: poolMax - 1, write: 1, schema: 2 }[purpose];
}
