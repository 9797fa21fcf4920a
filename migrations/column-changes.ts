import type { DataSource, QueryRunner } from 'typeorm';
import { columnTypesOf, indexName, schemaDialectOf, type ColumnTypes, type SqlType } from './column-types.js';

/**
 * Adds a nullable column without a change of rows. TypeORM would copy the whole table on SQLite.
 *
 * @param typeOf selects its type from those of the dialect
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

/** Drops a column that {@link addColumn} added. */
export async function dropColumn(runner: QueryRunner, table: string, column: string): Promise<void> {
  await runner.query(`ALTER TABLE ${quotedPath(runner.dataSource, table)} DROP COLUMN "${column}"`);
}

/** The quoted path of a table, with the schema of the connection if one is configured. */
export function quotedPath({ options }: DataSource, table: string): string {
  const schema = 'schema' in options && typeof options.schema === 'string' ? `"${options.schema}".` : '';
  return `${schema}"${table}"`;
}

/**
 * Adds an index to an existing table. TypeORM would read the table from the database first.
 *
 * @param where condition of the rows that it holds
 */
export async function addIndex(
  runner: QueryRunner,
  table: string,
  index: string,
  columns: readonly string[],
  where: string,
): Promise<void> {
  const { dataSource } = runner;
  const name = indexName(schemaDialectOf(dataSource.options.type), table, index);
  const list = columns.map((column) => `"${column}"`).join(', ');
  await runner.query(`CREATE INDEX "${name}" ON ${quotedPath(dataSource, table)} (${list}) WHERE ${where}`);
}

/** Drops an index that {@link addIndex} added. */
export async function dropIndex(runner: QueryRunner, table: string, index: string): Promise<void> {
  const { dataSource } = runner;
  const dialect = schemaDialectOf(dataSource.options.type);
  const name = indexName(dialect, table, index);
  await runner.query(
    dialect === 'mssql'
      ? `DROP INDEX "${name}" ON ${quotedPath(dataSource, table)}`
      : `DROP INDEX ${quotedPath(dataSource, name)}`,
  );
}
