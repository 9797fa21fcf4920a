import type { DatabaseConfig } from '../config/index.js';
import type { DatabaseConnection } from './database.connection.js';
import type { SchemaAccess } from './schema.access.js';
import { ServerConnection } from './server/server.connection.js';
import { serverDialectOf } from './server/server.dialects.js';
import { serverSchemaAccess } from './server/server.schema.js';
import { SqliteConnection } from './sqlite/sqlite.connection.js';
import { sqliteSchemaAccess } from './sqlite/sqlite.schema.js';

/** What is needed to open a database besides its configuration. */
interface OpenOptions {
  /** Ends the wait for an unavailable server, and the check of a large file for damage. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each read and write that meets damaged content in the SQLite file. */
  readonly onDamage?: (sentence: string, error: unknown) => void;
}

/**
 * Opens the configured database, with its schema up to date.
 *
 * @throws DatabaseStartError with a sentence that names the cause and the remedy
 */
export async function openDatabaseConnection(
  config: DatabaseConfig,
  { signal, onDamage = () => undefined }: OpenOptions = {},
): Promise<DatabaseConnection> {
  const { server } = config;
  return server === null
    ? SqliteConnection.open(config, { signal, onDamage })
    : ServerConnection.open(serverDialectOf(server), server, signal);
}

/** The access of the migration commands to the schema of the configured database. */
export function schemaAccess({ dataDir, server }: DatabaseConfig): SchemaAccess {
  return server === null ? sqliteSchemaAccess(dataDir) : serverSchemaAccess(server);
}
