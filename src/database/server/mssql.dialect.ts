import { MssqlParameter } from 'typeorm';
import { TABLES } from '../../../migrations/index.js';
import type { GuardedRows, NewRows, ReturningUpdate, SqlExecutor, SqlStatement } from '../sql.dialect.js';
import { BATCH_WRITES, runBatch } from './mssql.batch.js';
import { mssqlConnectFault, mssqlErrorKind, mssqlLacksRight } from './mssql.errors.js';
import { MssqlConnections } from './mssql.connection.js';
import { mssqlOptions } from './mssql.options.js';
import { checkMssqlSettings } from './mssql.settings.js';
import { bindParameter, KEY_LENGTH, MAX } from './mssql.parameters.js';
import { numberedPlaceholders } from './placeholders.js';
import type { ServerDialect, ServerSession } from './server.dialect.js';

/**
 * Microsoft SQL Server through `mssql`.
 *
 * @param schema of the tables; null: the default schema of the login
 */
export function createMssqlDialect(schema: string | null): ServerDialect {
  const connections = new MssqlConnections();
  const placeholders = numberedPlaceholders((place) => `@${place}`, 0);
  const statement = schema === null ? placeholders : (sql: string) => placeholders(inSchema(schema, sql));
  return {
    productName: 'SQL Server',
    // The server takes 2 100, and sp_executesql needs some of them.
    maxParameters: 2_000,
    exclusive: false,
    oneMessageWrites: BATCH_WRITES,
    // A VARCHAR counts bytes, of which a UTF-8 or double-byte collation takes several for a character.
    nameUnit: 'bytes',
    // A session has no search path, so statements name the schema before each table.
    statement,
    runInOneMessage: (dataSource, statements) => runBatch(dataSource, statements, statement),
    time: (time) => new MssqlParameter(time, 'datetime2', 3),
    text: (text) => new MssqlParameter(text, 'nvarchar', MAX),
    readTime: (value) => value as Date,
    nowPlusMs: 'DATEADD(millisecond, CAST(? AS int), SYSUTCDATETIME())',
    update: ({ table, set, where, returning }: ReturningUpdate) =>
      `UPDATE ${table} SET ${set} OUTPUT ${inserted(returning)} WHERE ${where}`,
    insertNew,
    bytesIn: (column) => `COALESCE(DATALENGTH(${column}), 0)`,
    limit: ' OFFSET 0 ROWS FETCH NEXT ? ROWS ONLY',
    errorKind: mssqlErrorKind,
    bind: bindParameter,
    dataSourceOptions: (config, purpose) => mssqlOptions(config, purpose, connections),
    lockSchema,
    createSchema: async (session, name) => {
      await session.query(`IF SCHEMA_ID(@0) IS NULL EXEC('CREATE SCHEMA [${name}]')`, [
        new MssqlParameter(name, 'varchar', KEY_LENGTH),
      ]);
    },
    checkSettings: checkMssqlSettings,
    connectFault: mssqlConnectFault,
    lacksRight: mssqlLacksRight,
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
 * Inserts all rows in one statement, or each alone if a key exists: an error undoes only its statement and leaves the
 * transaction open, because XACT_ABORT is off.
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

async function lockSchema(session: ServerSession, timeoutMs: number): Promise<void> {
  await session.query(
    'DECLARE @granted int; ' +
      "EXEC @granted = sp_getapplock @Resource = 'fastify-camunda schema', @LockMode = 'Exclusive', " +
      `@LockOwner = 'Transaction', @LockTimeout = ${timeoutMs}; ` +
      "IF @granted < 0 THROW 51000, 'the application lock was not granted', 1;",
  );
}
