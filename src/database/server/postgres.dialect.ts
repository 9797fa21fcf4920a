import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { DataSourceOptions } from 'typeorm';
import { entitiesOf, MIGRATIONS } from '../../../migrations/index.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import type { SqlErrorKind } from '../sql.dialect.js';
import { insertIgnoringConflicts, updateReturning } from '../sql.text.js';
import { numberedPlaceholders } from './placeholders.js';
import { type ConnectionPurpose, connectionsFor, type ServerDialect } from './server.dialect.js';
import { certificateFault, codesOf, messageOf, type ServerFault } from './server.fault.js';

/** How much longer than the server the client waits for the answer to a statement, in ms. */
const ANSWER_MARGIN_MS = 2_000;

/** The key of the advisory lock: "fcam" and "schm" in ASCII, so that it does not collide with small numbers of others. */
const SCHEMA_LOCK = [0x6663616d, 0x7363686d] as const;

/** SQLSTATEs of a conflict with another transaction (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const CONTENDED = /^(40001|40P01)$/;

/**
 * Classes of SQLSTATE after which the same statement will never succeed: data, integrity, syntax or access, program
 * limits; 0A is an unsupported feature.
 */
const CONTENT = /^(0A|22|23|42|54)/;

const UNIQUE_VIOLATION = '23505';

/** A permission that the role does not have, or no longer has; an administrator may give it again. */
const MISSING_RIGHT = '42501';

/** A transaction that only reads, because the server is a standby. */
const READ_ONLY = '25006';

/** PostgreSQL through `pg`. */
export const postgresDialect: ServerDialect = {
  productName: 'PostgreSQL',
  // The protocol takes 65 535; the smaller number keeps statements small.
  maxParameters: 2_000,
  exclusive: false,
  oneMessageWrites: 0,
  nameUnit: 'characters',
  statement: numberedPlaceholders((place) => `$${place}`, 1),
  time: (time) => time.toISOString(),
  text: (text) => text,
  readTime: (value) => value as Date,
  // Stable within a statement, so that an index can be used; not the time at which the transaction began.
  nowPlusMs: `(statement_timestamp() + ?::double precision * interval '1 millisecond')`,
  update: updateReturning,
  insertNew: insertIgnoringConflicts,
  limit: ' LIMIT ?',
  bytesIn: (column) => `COALESCE(octet_length(${column}), 0)`,
  errorKind: postgresErrorKind,
  bind: (value) => value,
  dataSourceOptions: postgresOptions,
  lockSchema: async (session, timeoutMs) => {
    await session.query(`SET LOCAL lock_timeout = ${timeoutMs}`);
    await session.query(`SET LOCAL statement_timeout = 0`);
    await session.query('SELECT pg_advisory_xact_lock($1, $2)', [...SCHEMA_LOCK]);
  },
  createSchema: async (session, schema) => {
    const [found] = (await session.query('SELECT to_regnamespace($1) AS oid', [`"${schema}"`])) as {
      oid: string | null;
    }[];
    // IF NOT EXISTS would need the permission to create a schema even if it exists.
    if (found?.oid == null) await session.query(`CREATE SCHEMA "${schema}"`);
  },
  // Each session sets synchronous_commit itself.
  checkSettings: () => Promise.resolve(),
  connectFault: postgresConnectFault,
  lacksRight: (error) => codesOf(error).includes(MISSING_RIGHT),
};

/** TLS of a connection, as `pg` takes it. */
export function postgresTls({
  encrypt,
  trustServerCertificate,
  caFile,
}: DatabaseServerConfig): { rejectUnauthorized: boolean; ca?: string } | false {
  if (!encrypt) return false;
  return {
    rejectUnauthorized: !trustServerCertificate,
    ...(caFile === null ? {} : { ca: readFileSync(caFile, 'utf8') }),
  };
}

function postgresOptions(config: DatabaseServerConfig, purpose: ConnectionPurpose): DataSourceOptions {
  const { host, port, user, password, name, schema, statementTimeoutMs, connectTimeoutMs } = config;
  const isService = purpose !== 'schema';
  return {
    type: 'postgres',
    host: purpose === 'replica' ? (config.replicaHost ?? host) : host,
    port,
    username: user,
    ...(password === null ? {} : { password }),
    database: name,
    ...(schema === null ? {} : { schema }),
    ssl: postgresTls(config),
    applicationName: 'fastify-camunda',
    connectTimeoutMS: connectTimeoutMs,
    poolSize: connectionsFor(purpose, config),
    // The pool replaces a connection that breaks while idle; the next statement fails if the server is unavailable.
    poolErrorHandler: () => undefined,
    installExtensions: false,
    logging: false,
    entities: entitiesOf('postgres'),
    ...(isService ? {} : { migrations: [...MIGRATIONS] }),
    extra: {
      keepAlive: true,
      ...(purpose === 'replica' ? {} : { verify: refuseStandby }),
      onConnect: surviveErrors,
      options: sessionSettings(schema, isService),
      ...(isService
        ? {
            statement_timeout: statementTimeoutMs,
            lock_timeout: statementTimeoutMs,
            // If the server does not answer at all, the client gives up.
            query_timeout: statementTimeoutMs + ANSWER_MARGIN_MS,
            // A disconnected session must not keep its locks.
            idle_in_transaction_session_timeout: statementTimeoutMs,
          }
        : {}),
    },
  };
}

/**
 * Gives a new connection a listener for its errors. Between the pool and the code that takes the connection it has none,
 * and an error that the server sends in the packet that opens the session would end the process. The next statement on
 * the connection fails.
 */
function surviveErrors(client: EventEmitter): void {
  client.on('error', () => undefined);
}

/**
 * Settings that the service relies on, independent of the defaults of the role or the database. The driver sets
 * `client_encoding`. Without `DB_SCHEMA` the tables are found by the `search_path` of the role.
 */
function sessionSettings(schema: string | null, isService: boolean): string {
  const settings = [
    'synchronous_commit=on',
    'default_transaction_isolation=read\\ committed',
    'default_transaction_read_only=off',
    'TimeZone=UTC',
    // The driver reads times and intervals in these formats only, and escapes texts by these rules.
    'DateStyle=ISO',
    'IntervalStyle=postgres',
    'standard_conforming_strings=on',
    'transform_null_equals=off',
    'backslash_quote=safe_encoding',
    'bytea_output=hex',
    'extra_float_digits=1',
  ];
  // A migration of a large table takes long, and the session that holds the lock of the schema is idle meanwhile.
  if (!isService)
    settings.push('statement_timeout=0', 'lock_timeout=0', 'idle_in_transaction_session_timeout=0');
  if (schema !== null) settings.push(`search_path="${schema}"`);
  return settings.map((setting) => `-c ${setting}`).join(' ');
}

/** The used part of a new connection of `pg`. */
interface NewClient {
  query(sql: string, done: (error: Error | null, result?: { rows: { standby: boolean }[] }) => void): void;
}

/**
 * Refuses a new connection that leads to a standby, as `target_session_attrs=primary` of libpq: during a failover an
 * address or a proxy may lead to a server that is not promoted yet, takes no writes, and answers with old rows.
 */
function refuseStandby(client: NewClient, done: (error?: Error | null) => void): void {
  client.query('SELECT pg_is_in_recovery() AS standby', (error, result) => {
    if (error !== null || result?.rows[0]?.standby !== true) {
      done(error);
      return;
    }
    const message = 'this server is a standby, which takes no writes; the primary is at another address';
    done(Object.assign(new Error(message), { code: READ_ONLY }));
  });
}

function postgresErrorKind(error: unknown): SqlErrorKind {
  const codes = codesOf(error);
  if (codes.some((code) => CONTENDED.test(code))) return 'contended';
  if (codes.includes(UNIQUE_VIOLATION)) return 'conflict';
  if (codes.includes(MISSING_RIGHT)) return 'unavailable';
  if (codes.some((code) => CONTENT.test(code) && code.length === 5)) return 'content';
  // A programming error will not pass; everything else may be temporary.
  return error instanceof TypeError || error instanceof RangeError ? 'content' : 'unavailable';
}

function postgresConnectFault(error: unknown, config: DatabaseServerConfig): ServerFault | null {
  const codes = codesOf(error);
  const message = messageOf(error);
  if (codes.some((code) => code.startsWith('28')) || message.includes('SASL')) {
    return {
      cause: `it does not take the login ${config.user} (${message})`,
      remedy: 'Check DB_USER and DB_PASSWORD.',
    };
  }
  if (codes.includes('3D000')) {
    return {
      cause: `it has no database ${config.name}`,
      remedy: 'Create it, or set DB_NAME to one that is there.',
    };
  }
  if (message.includes('does not support SSL')) {
    return { cause: 'it does not speak TLS', remedy: 'Set DB_ENCRYPT=off, or turn ssl on at the server.' };
  }
  return certificateFault(error);
}
