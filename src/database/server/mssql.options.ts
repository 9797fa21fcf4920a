import { readFileSync } from 'node:fs';
import type { DataSourceOptions } from 'typeorm';
import { entitiesOf, MIGRATIONS } from '../../../migrations/index.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { type MssqlConnections, prepareConnection } from './mssql.connection.js';
import { type ConnectionPurpose, connectionsFor } from './server.dialect.js';

/** Time limit of a statement that changes the schema, in ms: an index on a large table takes long. */
const SCHEMA_STATEMENT_MS = 600_000;

/** Idle time after which a connection is closed, in ms: less than the idle timeout of gateways and load balancers. */
const IDLE_MS = 60_000;

/** The settings of a pool of connections to SQL Server. */
export function mssqlOptions(
  config: DatabaseServerConfig,
  purpose: ConnectionPurpose,
  connections: MssqlConnections,
): DataSourceOptions {
  const { host, port, instance, name, schema, connectTimeoutMs } = config;
  const isService = purpose !== 'schema';
  return {
    type: 'mssql',
    host: purpose === 'replica' ? (config.replicaHost ?? host) : host,
    // The driver asks SQL Server Browser (UDP port 1434) for the port of a named instance.
    ...(instance === null ? { port } : {}),
    ...loginOf(config),
    database: name,
    ...(schema === null ? {} : { schema }),
    connectionTimeout: connectTimeoutMs,
    requestTimeout: isService ? config.statementTimeoutMs : SCHEMA_STATEMENT_MS,
    pool: {
      max: connectionsFor(purpose, config),
      // Idle connections are closed, so that each one in the pool was used recently and needs no check.
      min: 0,
      idleTimeoutMillis: IDLE_MS,
      acquireTimeoutMillis: connectTimeoutMs + config.statementTimeoutMs,
    },
    options: {
      appName: 'fastify-camunda',
      ...(instance === null ? {} : { instanceName: instance }),
      // The addresses of a name at the same time; by default one after the other, which takes all of the time-out if the
      // first one does not answer.
      multiSubnetFailover: config.multiSubnetFailover,
      // A listener routes such a login to a readable secondary.
      readOnlyIntent: purpose === 'replica',
      encrypt: config.encrypt,
      trustServerCertificate: config.trustServerCertificate,
      ...(config.caFile === null
        ? {}
        : { cryptoCredentialsDetails: { ca: readFileSync(config.caFile, 'utf8') } }),
      // The default of TypeORM is off.
      useUTC: true,
      // Otherwise TypeORM sends `varchar` parameters as NVARCHAR.
      disableAsciiToUnicodeParamConversion: true,
      connectionIsolationLevel: 'READ COMMITTED',
      // A transaction continues after an insert that meets an existing key.
      abortTransactionOnError: false,
    },
    logging: false,
    extra: {
      beforeConnect: purpose === 'replica' ? prepareConnection : connections.prepare,
      // By the state of its socket; a test statement would be a round trip before each statement.
      validateConnection: 'socket',
    },
    entities: entitiesOf('mssql'),
    ...(isService ? {} : { migrations: [...MIGRATIONS] }),
  };
}

/** User and password, or the kind of identity for which tedious obtains tokens from Microsoft Entra ID. */
function loginOf({ auth, user, password }: DatabaseServerConfig) {
  switch (auth.mode) {
    case 'sql':
      return { username: user, ...(password === null ? {} : { password }) };
    case 'entra-default':
      return {
        authentication: { type: 'azure-active-directory-default', options: identityOf(auth) },
      } as const;
    case 'entra-managed-identity':
      // The driver treats it and `msi-app-service` alike: Azure's library finds out where it runs.
      return {
        authentication: { type: 'azure-active-directory-msi-vm', options: identityOf(auth) },
      } as const;
    case 'entra-service-principal': {
      const { tenantId, clientId, clientSecret } = auth;
      return {
        authentication: {
          type: 'azure-active-directory-service-principal-secret',
          options: { tenantId, clientId, clientSecret: clientSecret.value },
        },
      } as const;
    }
    default:
      return auth satisfies never;
  }
}

/** Without the key if there is no id, because the driver checks its type. */
function identityOf({ clientId }: { readonly clientId: string | null }): { clientId?: string } {
  return clientId === null ? {} : { clientId };
}
