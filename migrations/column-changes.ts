import type { DataSource, QueryRunner } from 'typeorm';
import { columnTypesOf, schemaDialectOf, type ColumnTypes, type SqlType } from './column-types.js';

/**
 * Adds a column that may be null, without touching a row. TypeORM would copy the whole table on SQLite.
 *
 * @param typeOf its type, of those of the dialect
 */
export async function addColumn(
  runner: QueryRunner,
  table: string,
  column: string,
  typeOf: (types: ColumnTypes) => SqlType,
): Promise<void> {
  const dialect = schemaDialectOf(runner.dataSource.options.type);
  const { type, length, collation } = typeOf(columnTypesOf(dialect));
  const collate =
    collation === undefined ? '' : ` COLLATE ${dialect === 'postgres' ? `"${collation}"` : collation}`;
  const size = length === undefined ? '' : `(${length})`;
  const add = dialect === 'mssql' ? 'ADD' : 'ADD COLUMN';
  await runner.query(
    `ALTER TABLE ${quotedPath(runner.dataSource, table)} ${add} "${column}" ${type}${size}${collate}`,
  );
}

/** Takes a column back that {@link addColumn} made. */
export async function dropColumn(runner: QueryRunner, table: string, column: string): Promise<void> {
  await runner.query(`ALTER TABLE ${quotedPath(runner.dataSource, table)} DROP COLUMN "${column}"`);
}

/** The path of a table as a statement says it: with the schema of the connection where one is configured. */
export function quotedPath({ options }: DataSource, table: string): string {
  const schema = 'schema' in options && typeof options.schema === 'string' ? `"${options.schema}".` : '';
  return `${schema}"${table}"`;
}
