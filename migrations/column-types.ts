/** The supported databases. */
export type SchemaDialect = 'sqlite' | 'postgres' | 'mssql';

/** The type of a column, for the declaration in a migration and in an entity. */
export interface SqlType {
  readonly type:
    'varchar' | 'text' | 'nvarchar' | 'datetime' | 'timestamptz' | 'datetime2' | 'integer' | 'int' | 'bigint';
  readonly length?: string;
  readonly precision?: number;
  readonly collation?: string;
}

/** The types of one dialect, by their content. */
export interface ColumnTypes {
  /** Short ASCII text that is compared byte by byte: ids, status, codes. @param length characters */
  readonly key: (length: number) => SqlType;
  /** Short text for people. @param length characters */
  readonly name: (length: number) => SqlType;
  /** Text without a limit; JSON is kept as text everywhere. */
  readonly text: SqlType;
  /** UTC with milliseconds. */
  readonly timestamp: SqlType;
  readonly integer: SqlType;
  /** A generated primary key. */
  readonly generatedId: SqlType;
  /** 0 or 1; a number, so that conditions read the same in each dialect. */
  readonly flag: SqlType;
}

const SQLITE: ColumnTypes = {
  key: (length) => ({ type: 'varchar', length: String(length) }),
  name: (length) => ({ type: 'varchar', length: String(length) }),
  text: { type: 'text' },
  timestamp: { type: 'datetime' },
  integer: { type: 'integer' },
  generatedId: { type: 'integer' },
  flag: { type: 'integer' },
};

const POSTGRES: ColumnTypes = {
  key: (length) => ({ type: 'varchar', length: String(length), collation: 'C' }),
  name: (length) => ({ type: 'varchar', length: String(length) }),
  text: { type: 'text' },
  timestamp: { type: 'timestamptz', precision: 3 },
  integer: { type: 'integer' },
  generatedId: { type: 'bigint' },
  flag: { type: 'integer' },
};

const MSSQL: ColumnTypes = {
  // The default collation of the server ignores case.
  key: (length) => ({ type: 'varchar', length: String(length), collation: 'Latin1_General_100_BIN2' }),
  name: (length) => ({ type: 'varchar', length: String(length) }),
  text: { type: 'nvarchar', length: 'max' },
  timestamp: { type: 'datetime2', precision: 3 },
  integer: { type: 'int' },
  generatedId: { type: 'bigint' },
  flag: { type: 'int' },
};

/**
 * The dialect of a TypeORM driver.
 *
 * @throws Error for an unsupported driver
 */
export function schemaDialectOf(driverType: string): SchemaDialect {
  switch (driverType) {
    case 'better-sqlite3':
      return 'sqlite';
    case 'postgres':
    case 'mssql':
      return driverType;
    default:
      throw new Error(`The schema is not written for the TypeORM driver ${driverType}.`);
  }
}

/** The column types of a dialect, for migrations and entities. */
export function columnTypesOf(dialect: SchemaDialect): ColumnTypes {
  return { sqlite: SQLITE, postgres: POSTGRES, mssql: MSSQL }[dialect];
}

/**
 * The name of an index. SQL Server keeps the name of the specification. Elsewhere names of indexes are global and
 * `idx_status` exists twice, so each is prefixed by its table.
 */
export function indexName(dialect: SchemaDialect, table: string, name: string): string {
  return dialect === 'mssql' ? name : `${table}_${name}`;
}
