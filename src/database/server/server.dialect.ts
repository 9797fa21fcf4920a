import type { DataSource, DataSourceOptions } from 'typeorm';
import type { DatabaseServerConfig } from '../../config/index.js';
import type { SqlDialect, SqlValue } from '../sql.dialect.js';
import type { IssuedStatement, StatementResult } from '../statement.collector.js';
import type { ServerFault } from './server.fault.js';

/**
 * What connections are for: the reads of the service, the transactions of its write queue, a change of the schema, or
 * searches that may use a secondary of the primary.
 * The writer has its own connection, so that readers cannot delay it.
 */
export type ConnectionPurpose = 'read' | 'write' | 'schema' | 'replica';

/** A session, which holds the lock of the schema. */
export interface ServerSession {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** A dialect of a database server. */
export interface ServerDialect extends SqlDialect {
  /** The name for messages. */
  readonly productName: string;
  readonly dataSourceOptions: (config: DatabaseServerConfig, purpose: ConnectionPurpose) => DataSourceOptions;
  /** Converts a parameter for the driver. */
  readonly bind: (value: SqlValue) => unknown;
  /**
   * Takes the lock of the schema until the open transaction of the session ends.
   *
   * @throws an error if another session holds it for longer than the timeout
   */
  readonly lockSchema: (session: ServerSession, timeoutMs: number) => Promise<void>;
  /** Creates the schema of `DB_SCHEMA` unless it exists. */
  readonly createSchema: (session: ServerSession, schema: string) => Promise<void>;
  /**
   * Checks that a commit survives a crash of the server, unless the session sets that itself, and warns of settings that
   * slow the service down.
   *
   * @throws DatabaseStartError if the database may lose commits by its settings
   */
  readonly checkSettings: (session: ServerSession, config: DatabaseServerConfig) => Promise<void>;
  /**
   * Runs a whole transaction in one round trip; absent if the driver cannot do that.
   *
   * @returns the result of each statement, after the commit @throws the first error; nothing is written then, unless the
   *   connection was lost
   */
  readonly runInOneMessage?: (
    dataSource: DataSource,
    statements: readonly IssuedStatement[],
  ) => Promise<readonly StatementResult[]>;
  /** The fault behind an error of connecting; null if the server is only not available yet. */
  readonly connectFault: (error: unknown, config: DatabaseServerConfig) => ServerFault | null;
  /** True if an error means that the login lacks a permission. */
  readonly lacksRight: (error: unknown) => boolean;
}

/** Connections for searches of lists; few clients list at the same time. */
const REPLICA_CONNECTIONS = 2;

/** Connections for a purpose; those for reads and writes are `DB_POOL_MAX` together. */
export function connectionsFor(purpose: ConnectionPurpose, { poolMax }: DatabaseServerConfig): number {
  return { read: poolMax - 1, write: 1, schema: 2, replica: REPLICA_CONNECTIONS }[purpose];
}
