import type { ConnectionPool } from 'mssql';
import type { DataSource } from 'typeorm';
import type { SqlServerDriver } from 'typeorm/driver/sqlserver/SqlServerDriver.js';
import type { SqlRow, SqlValue } from '../sql.dialect.js';
import type { IssuedStatement, StatementResult } from '../statement.collector.js';
import { addParameter } from './mssql.parameters.js';

/**
 * Maximum number of writes in one batch. A larger group shares its round trips among many writes, and the server has plans
 * for its single statements. Batches would have as many texts as there are combinations of writes.
 */
export const BATCH_WRITES = 8;

/**
 * Runs a transaction in one round trip: either all statements are committed, or the server rolls back and rethrows the
 * first error with its number.
 *
 * @param translate replaces `?` by numbered placeholders
 */
export async function runBatch(
  dataSource: DataSource,
  statements: readonly IssuedStatement[],
  translate: (sql: string) => string,
): Promise<readonly StatementResult[]> {
  // Loaded only here: the driver takes a third of a second to load, and other databases do not need it.
  const { default: mssql } = await import('mssql');
  const pool = (dataSource.driver as SqlServerDriver).master as ConnectionPool;
  const request = new mssql.Request(pool);
  parametersOf(statements).forEach((value, place) => {
    addParameter(mssql, request, String(place), value);
  });
  const { recordsets } = await request.query(translate(textOf(statements)));
  return resultsOf(statements, recordsets as unknown as readonly (readonly SqlRow[])[]);
}

function textOf(statements: readonly IssuedStatement[]): string {
  const counts = statements.map((_, place) => `@n${place}`);
  return [
    `DECLARE ${counts.map((count) => `${count} int`).join(', ')};`,
    // Also rolls back if the client cancels the batch after its timeout; in force until the batch ends.
    'SET XACT_ABORT ON;',
    // Never inside a transaction that was left open.
    'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;',
    'BEGIN TRY',
    'BEGIN TRANSACTION;',
    ...statements.flatMap(({ sql, otherwise }, place) => [
      `${sql};`,
      `SET @n${place} = @@ROWCOUNT;`,
      ...(otherwise === undefined ? [] : [`IF @n${place} < ${otherwise.rows} ${otherwise.statement.sql};`]),
    ]),
    'COMMIT TRANSACTION;',
    'END TRY',
    'BEGIN CATCH',
    'IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;',
    'THROW;',
    'END CATCH;',
    `SELECT ${counts.map((count, place) => `${count} AS n${place}`).join(', ')};`,
  ].join('\n');
}

function parametersOf(statements: readonly IssuedStatement[]): readonly SqlValue[] {
  return statements.flatMap(({ parameters, otherwise }) => [
    ...parameters,
    ...(otherwise?.statement.parameters ?? []),
  ]);
}

/** @throws Error if the results do not match the statements; the group is then repeated */
function resultsOf(
  statements: readonly IssuedStatement[],
  recordsets: readonly (readonly SqlRow[])[],
): readonly StatementResult[] {
  const counts = recordsets.at(-1)?.[0];
  let next = 0;
  const take = (): readonly SqlRow[] => recordsets[next++] ?? [];
  const results = statements.map(({ returnsRows, otherwise }, place) => {
    const changes = Number(counts?.[`n${place}`]);
    const rows = returnsRows ? take() : [];
    const isShort = otherwise !== undefined && changes < otherwise.rows;
    return { rows, changes, otherwise: isShort ? take() : null };
  });
  if (counts === undefined || next !== recordsets.length - 1)
    throw new Error('SQL Server answered a batch with other results than its statements have.');
  return results;
}
