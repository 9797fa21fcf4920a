import { readFileSync } from 'node:fs';
import type { DataSourceOptions } from 'typeorm';
import { entitiesOf, MIGRATIONS } from '../../../migrations/index.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { prepareConnection } from './mssql.connection.js';
import { type ConnectionPurpose, connectionsFor } from './server.dialect.js';

/** How long a statement may take that changes the schema, in ms: an index on a large table. */
const SCHEMA_STATEMENT_MS = 600_000;

/** How long a connection may lie unused, in ms: less than gateways and load balancers keep one that is silent. */
const IDLE_MS = 60_000;

/** The settings of a pool of connections to SQL Server. */
export function mssqlOptions(config: DatabaseServerConfig, purpose: ConnectionPurpose): DataSourceOptions {
  const { host, port, user, password, name, schema, connectTimeoutMs } = config;
  const isService = purpose !== 'schema';
  return {
    type: 'mssql',
    host,
    port,
    username: user,
    ...(password === null ? {} : { password }),
    database: name,
    ...(schema === null ? {} : { schema }),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: isService ? config.statementTimeoutMs : SCHEMA_STATEMENT_MS,
    pool: {
      max: connectionsFor(purpose, config),
      // None is kept for ever, so that each of the pool was used lately and need not be asked whether it is alive.
      min: 0,
      idleTimeoutMillis: IDLE_MS,
      acquireTimeoutMillis: connectTimeoutMs + config.statementTimeoutMs,
    },
    options: {
      appName: 'fastify-camunda',
      encrypt: config.encrypt,
      trustServerCertificate: config.trustServerCertificate,
      ...(config.caFile === null
        ? {}
        : { cryptoCredentialsDetails: { ca: readFileSync(config.caFile, 'utf8') } }),
      // TypeORM turns it off where it is not said.
      useUTC: true,
      // Else TypeORM sends `varchar` parameters as NVARCHAR.
      disableAsciiToUnicodeParamConversion: true,
      connectionIsolationLevel: 'READ COMMITTED',
      // An insert goes on behind a key that exists.
      abortTransactionOnError: false,
    },
    logging: false,
    extra: {
      beforeConnect: prepareConnection,
      // By the state of its socket; a statement for it would be a round trip before each of ours.
      validateConnection: 'socket',
    },
    entities: entitiesOf('mssql'),
    ...(isService ? {} : { migrations: [...MIGRATIONS] }),
  };
}
