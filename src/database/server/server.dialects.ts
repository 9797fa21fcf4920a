import type { DatabaseServerConfig } from '../../config/index.js';
import { createMssqlDialect } from './mssql.dialect.js';
import { postgresDialect } from './postgres.dialect.js';
import type { ServerDialect } from './server.dialect.js';

/** The dialect of a server. */
export function serverDialectOf({ type, schema }: DatabaseServerConfig): ServerDialect {
  return type === 'mssql' ? createMssqlDialect(schema) : postgresDialect;
}
