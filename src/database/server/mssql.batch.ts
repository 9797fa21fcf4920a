import type { ConnectionPool } from 'mssql';
import type { DataSource } from 'typeorm';
import type { SqlServerDriver } from 'typeorm/driver/sqlserver/SqlServerDriver.js';
import type { SqlRow, SqlValue } from '../sql.dialect.js';
import type { IssuedStatement, StatementResult } from '../statement.collector.js';
import { addParameter } from './mssql.parameters.js';

/**
 * Writes that make one batch. A larger group has its round trips among many, and its statements one by one are texts
 * for which the server has a plan; of batches there would be as many texts as there are mixtures.
 */
export const BATCH_WRITES = 8;

/**
 * Runs a transaction in one round trip: all statements are committed, or none is and the error of the first that
 * failed is thrown on by the server, with its number.
 *
 * @param translate makes a text with `?` one with numbered placeholders
 */
export async function runBatch(
  dataSource: DataSource,
  statements: readonly IssuedStatement[],
  translate: (sql: string) => string,
): Promise<readonly StatementResult[]> {
  // Only here: the driver takes a third of a second to load, and a service on another database never needs it.
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
    // Also where the client ends the batch because its time is over; in force until the batch ends.
    'SET XACT_ABORT ON;',
    // Never inside of one that something has left open.
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

/** @throws Error if the server sent other results than the statements have: what is written is then looked up again */
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
