import type { DatabaseConfig } from '../config/index.js';
import type { DatabaseConnection } from './database.connection.js';
import type { SchemaAccess } from './schema.access.js';
import { ServerConnection } from './server/server.connection.js';
import { serverDialectOf } from './server/server.dialects.js';
import { serverSchemaAccess } from './server/server.schema.js';
import { SqliteConnection } from './sqlite/sqlite.connection.js';
import { sqliteSchemaAccess } from './sqlite/sqlite.schema.js';

/** What the opening of a database needs beside its configuration. */
export interface OpenOptions {
  /** Ends the waiting for a server that is not there, and the search for damage in a large file. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of each read and write that met damaged content of the SQLite file. */
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

/** How the migration commands reach the schema of the configured database. */
export function schemaAccess({ dataDir, server }: DatabaseConfig): SchemaAccess {
  return server === null ? sqliteSchemaAccess(dataDir) : serverSchemaAccess(server);
}
