import type { DatabaseConfig } from '../config/index.js';
import type { DatabaseConnection } from './database.connection.js';
import type { SchemaAccess } from './schema.access.js';
import { ServerConnection } from './server/server.connection.js';
import { serverDialectOf } from './server/server.dialects.js';
import { serverSchemaAccess } from './server/server.schema.js';
import { SqliteConnection } from './sqlite/sqlite.connection.js';
import { sqliteSchemaAccess } from './sqlite/sqlite.schema.js';

/**
 * Opens the configured database, with its schema up to date.
 *
 * @param signal ends the waiting for a server that is not there
 * @throws DatabaseStartError with a sentence that names the cause and the remedy
 */
export async function openDatabaseConnection(
  config: DatabaseConfig,
  signal?: AbortSignal,
): Promise<DatabaseConnection> {
  const { server } = config;
  return server === null
    ? SqliteConnection.open(config)
    : ServerConnection.open(serverDialectOf(server), server, signal);
}

/** How the migration commands reach the schema of the configured database. */
export function schemaAccess({ dataDir, server }: DatabaseConfig): SchemaAccess {
  return server === null ? sqliteSchemaAccess(dataDir) : serverSchemaAccess(server);
}
