import type { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { type DataSourceOptions, MssqlParameter } from 'typeorm';
import { entitiesOf, MIGRATIONS, TABLES } from '../../../migrations/index.js';
import type { DatabaseServerConfig } from '../../config/index.js';
import { DatabaseStartError } from '../database.errors.js';
import type {
  GuardedRows,
  NewRows,
  ReturningUpdate,
  SqlErrorKind,
  SqlExecutor,
  SqlStatement,
  SqlValue,
} from '../sql.dialect.js';
import { numberedPlaceholders } from './placeholders.js';
import {
  type ConnectionPurpose,
  connectionsFor,
  type ServerDialect,
  type ServerSession,
} from './server.dialect.js';
import { certificateFault, codesOf, messageOf, type ServerFault } from './server.fault.js';

/** The length by which `mssql` knows `(MAX)`. */
const MAX = 65_535;

/** The lengths that a short text is declared with: few, so that the server keeps few plans for a statement. */
const KEY_LENGTH = 255;
const NAME_LENGTH = 8_000;

/** Characters that a VARCHAR holds whatever its collation. */
const ASCII = /^[\0-\x7f]*$/;

/** Numbers of errors (https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors). */
const UNIQUE_VIOLATIONS: ReadonlySet<number> = new Set([2601, 2627]);

/** Deadlock victim, and conflicts of snapshot isolation. */
const CONTENDED: ReadonlySet<number> = new Set([1205, 3960, 3961]);

/**
 * Errors of a low severity that are over some time: a lock not granted, a login refused while the server recovers or
 * fails over, a database that is read-only or not there for now, a transaction that the server has ended, and what
 * Azure says of a server that moves or is busy.
 */
const PASSING: ReadonlySet<number> = new Set([
  64, 121, 233, 615, 922, 926, 927, 976, 983, 1222, 3906, 3908, 3930, 3998, 4060, 4221, 6005, 10053, 10054,
  10060, 10928, 10929, 17142, 18401, 18451, 18452, 18456, 40197, 40501, 40613, 49918, 49919, 49920,
]);

/** From this severity on the server itself has a problem: resources, its own faults, its disk. */
const SERVER_SEVERITY = 17;

/** How long a statement may take that changes the schema, in ms: an index on a large table. */
const SCHEMA_STATEMENT_MS = 600_000;

/**
 * Microsoft SQL Server through `mssql`.
 *
 * @param schema of the tables; null: the default schema of the login
 */
export function createMssqlDialect(schema: string | null): ServerDialect {
  const placeholders = numberedPlaceholders((place) => `@${place}`, 0);
  return {
    productName: 'SQL Server',
    // The server takes 2 100, and sp_executesql needs some of them.
    maxParameters: 2_000,
    exclusive: false,
    oneMessage: false,
    // A session has no search path, so the schema stands before each table.
    statement: schema === null ? placeholders : (sql) => placeholders(inSchema(schema, sql)),
    time: (time) => new MssqlParameter(time, 'datetime2', 3),
    text: (text) => new MssqlParameter(text, 'nvarchar', MAX),
    readTime: (value) => value as Date,
    nowPlusMs: 'DATEADD(millisecond, CAST(? AS int), SYSUTCDATETIME())',
    update: ({ table, set, where, returning }: ReturningUpdate) =>
      `UPDATE ${table} SET ${set} OUTPUT ${inserted(returning)} WHERE ${where}`,
    insertNew,
    limit: ' OFFSET 0 ROWS FETCH NEXT ? ROWS ONLY',
    errorKind: mssqlErrorKind,
    bind: bindParameter,
    dataSourceOptions: mssqlOptions,
    lockSchema,
    createSchema: async (session, name) => {
      await session.query(`IF SCHEMA_ID(@0) IS NULL EXEC('CREATE SCHEMA [${name}]')`, [
        new MssqlParameter(name, 'varchar', KEY_LENGTH),
      ]);
    },
    assertDurable,
    connectFault: mssqlConnectFault,
  };
}

const TABLE_POSITIONS = new RegExp(`\\b(FROM|INTO|UPDATE|JOIN) (${TABLES.join('|')})\\b`, 'g');

function inSchema(schema: string, sql: string): string {
  return sql.replace(TABLE_POSITIONS, `$1 [${schema}].$2`);
}

function inserted(columns: string): string {
  return columns
    .split(',')
    .map((column) => `INSERTED.${column.trim()}`)
    .join(', ');
}

/**
 * Inserts all rows in one statement, and where a key exists each alone: an error of a statement undoes that statement
 * and leaves the transaction open, since XACT_ABORT is off.
 */
async function insertNew(
  sql: SqlExecutor,
  { table, columns, row, parameters, returning }: NewRows,
  otherwise: SqlStatement,
): Promise<GuardedRows> {
  const insert = (rows: NewRows['parameters']) =>
    sql.query(
      `INSERT INTO ${table} (${columns}) OUTPUT ${inserted(returning)} VALUES ${rows.map(() => row).join(',')}`,
      rows.flat(),
    );
  const orNothing = async (rows: NewRows['parameters']): ReturnType<typeof insert> => {
    try {
      return await insert(rows);
    } catch (error) {
      if (mssqlErrorKind(error) !== 'conflict') throw error;
      return [];
    }
  };
  const all = await orNothing(parameters);
  if (all.length === parameters.length) return { rows: all, otherwise: null };
  const found = [];
  if (parameters.length > 1) for (const each of parameters) found.push(...(await orNothing([each])));
  return { rows: found, otherwise: await sql.query(otherwise.sql, otherwise.parameters) };
}

/**
 * Names the type of a parameter: left to itself the driver makes every string NVARCHAR, and a VARCHAR column that is
 * compared with one is scanned instead of sought.
 */
function bindParameter(value: SqlValue): unknown {
  if (value === null) return new MssqlParameter(null, 'varchar', KEY_LENGTH);
  if (typeof value !== 'string') return value;
  if (!ASCII.test(value) || value.length > NAME_LENGTH) return new MssqlParameter(value, 'nvarchar', MAX);
  return new MssqlParameter(value, 'varchar', value.length <= KEY_LENGTH ? KEY_LENGTH : NAME_LENGTH);
}

function mssqlOptions(config: DatabaseServerConfig, purpose: ConnectionPurpose): DataSourceOptions {
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
      min: isService ? 1 : 0,
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
    },
    logging: false,
    extra: { beforeConnect: tellWhyLoginFailed },
    entities: entitiesOf('mssql'),
    ...(isService ? {} : { migrations: [...MIGRATIONS] }),
  };
}

/**
 * Lets a login that is refused tell the first thing that the server said, which is why: the driver keeps the last, and
 * behind "Cannot open database" the server says that the login failed as well.
 *
 * @param connection of `tedious`, which is about to connect
 */
function tellWhyLoginFailed(connection: EventEmitter): void {
  let said: string | undefined;
  const listen = ({ message }: { message: string }): void => {
    said ??= message;
  };
  connection.on('errorMessage', listen);
  // Before the one who waits for the connection is told.
  connection.prependOnceListener('connect', (error?: Error & { code?: unknown }) => {
    connection.removeListener('errorMessage', listen);
    if (error?.code === 'ELOGIN' && said !== undefined) error.message = said;
  });
}

async function lockSchema(session: ServerSession, timeoutMs: number): Promise<void> {
  await session.query(
    'DECLARE @granted int; ' +
      "EXEC @granted = sp_getapplock @Resource = 'fastify-camunda schema', @LockMode = 'Exclusive', " +
      `@LockOwner = 'Transaction', @LockTimeout = ${timeoutMs}; ` +
      "IF @granted < 0 THROW 51000, 'the application lock was not granted', 1;",
  );
}

/** The value of `delayed_durability` at which every commit is answered before it is on the disk. */
const DELAYED_DURABILITY_FORCED = 2;

async function assertDurable(session: ServerSession, { name }: DatabaseServerConfig): Promise<void> {
  let settings: readonly { delayed_durability?: unknown }[];
  try {
    settings = (await session.query(
      'SELECT delayed_durability FROM sys.databases WHERE database_id = DB_ID()',
    )) as typeof settings;
  } catch {
    // A login that may not look, or a server that does not know the setting.
    return;
  }
  if (settings[0]?.delayed_durability === DELAYED_DURABILITY_FORCED) {
    throw new DatabaseStartError(
      `The database ${name} has DELAYED_DURABILITY = FORCED: commits are answered before they are on the disk, and what ` +
        `clients were told could be lost. Run ALTER DATABASE ${name} SET DELAYED_DURABILITY = DISABLED.`,
    );
  }
}

function mssqlErrorKind(error: unknown): SqlErrorKind {
  const { number, severity } = serverErrorOf(error);
  if (number === null) {
    // The driver did not take a parameter, such as a time before the year 1, and nothing was sent.
    if (codesOf(error).includes('EPARAM')) return 'content';
    // A programming error comes from no database; everything else is the connection.
    return error instanceof TypeError || error instanceof RangeError ? 'content' : 'unavailable';
  }
  if (UNIQUE_VIOLATIONS.has(number)) return 'conflict';
  if (CONTENDED.has(number)) return 'contended';
  return PASSING.has(number) || severity >= SERVER_SEVERITY ? 'unavailable' : 'content';
}

/** The number and severity of what the server said; without a number where it said nothing. */
function serverErrorOf(error: unknown): { number: number | null; severity: number } {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const { number, class: severity, driverError, originalError, info } = at as Record<string, unknown>;
    if (typeof number === 'number') return { number, severity: typeof severity === 'number' ? severity : 0 };
    at = driverError ?? originalError ?? info;
  }
  return { number: null, severity: 0 };
}

function mssqlConnectFault(error: unknown, config: DatabaseServerConfig): ServerFault | null {
  const codes = codesOf(error);
  const message = messageOf(error);
  if (/Cannot open database/i.test(message)) {
    return {
      cause: `it has no database ${config.name} that ${config.user} may use (${message})`,
      remedy: 'Create it, give the login a user in it, or set DB_NAME to another.',
    };
  }
  if (codes.includes('ELOGIN')) {
    return {
      cause: `it does not take the login ${config.user} (${message})`,
      remedy: 'Check DB_USER and DB_PASSWORD.',
    };
  }
  if (codes.includes('EENCRYPT'))
    return { cause: `it wants another kind of connection (${message})`, remedy: 'Set DB_ENCRYPT=on.' };
  return certificateFault(error);
}
