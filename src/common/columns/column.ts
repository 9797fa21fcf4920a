import type { ColumnTypes, SqlType } from '../../../migrations/column-types.js';
import type { ColumnUnit } from './column.text.js';

/** A parameter whose SQL type the dialect names; made by {@link ColumnDialect.time} and {@link ColumnDialect.text} alone. */
interface TypedSqlValue {
  readonly value: unknown;
  readonly type: string;
}

/**
 * A parameter of a statement. Times go through {@link ColumnDialect.time}, texts of columns without a limit through
 * {@link ColumnDialect.text}; a plain string is compared with, or written to, a column of short ASCII text.
 */
export type SqlValue = string | number | null | TypedSqlValue;

/** A row as the driver returns it, by column name. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** How a database takes and returns the values of columns. */
export interface ColumnDialect {
  /** A time as parameter. */
  readonly time: (time: Date) => SqlValue;
  /** A text of a column without a limit as parameter, null included. */
  readonly text: (text: string | null) => SqlValue;
  /** A time from a column. */
  readonly readTime: (value: unknown) => Date;
  /** What the length of a {@link name} counts. */
  readonly nameUnit: ColumnUnit;
}

/**
 * A column of a table. The list of a table's columns is the one place that declares them: the entity, the type of a
 * record, the statements and the mapping of rows are derived from it.
 *
 * @typeParam Value what the column holds, outside the database
 * @typeParam Context what `write` needs to know
 */
export interface Column<Value, Context extends ColumnDialect = ColumnDialect> {
  readonly name: string;
  /** Its SQL type, one of those of the dialect. */
  readonly type: (types: ColumnTypes) => SqlType;
  readonly isNullable: boolean;
  /** The length that texts have to be cut to; Infinity for other types and for texts without a limit. */
  readonly maxLength: number;
  /** True for a text without a limit. */
  readonly isLong: boolean;
  /** The value that the driver returned. */
  read(stored: unknown, dialect: ColumnDialect): Value;
  /** The value as parameter of a statement. */
  write(value: Value, context: Context): SqlValue;
}

/** The columns of a table by the names of their properties, in the order in which statements name them. */
export type Columns = Readonly<Record<string, Column<unknown>>>;

/** The type of a record: one property for each column. */
export type ValuesOf<C> = {
  readonly [K in keyof C]: C[K] extends Column<infer Value, never> ? Value : never;
};

/** A column that takes and returns values as the driver has them, unless the caller says otherwise. */
function column<Value>(
  columnName: string,
  type: Column<Value>['type'],
  differences: Partial<Column<Value>> = {},
): Column<Value> {
  return {
    name: columnName,
    type,
    isNullable: false,
    maxLength: Infinity,
    isLong: false,
    read: (stored) => stored as Value,
    write: (value) => value as SqlValue,
    ...differences,
  };
}

/** Short ASCII text that is compared byte by byte: an id, a status, a code. */
export function key<T extends string = string>(columnName: string, maxLength: number): Column<T> {
  return column<T>(columnName, (types) => types.key(maxLength), { maxLength });
}

/** Short text for people. */
export function name(columnName: string, maxLength: number): Column<string> {
  return column(columnName, (types) => types.name(maxLength), { maxLength });
}

/** A text without a limit; all of them may be null. */
export function text(columnName: string): Column<string | null> {
  return column(columnName, (types) => types.text, {
    isNullable: true,
    isLong: true,
    read: (stored) => (stored ?? null) as string | null,
    write: (value, dialect) => dialect.text(value),
  });
}

/** A time in UTC with milliseconds. */
export function timestamp(columnName: string): Column<Date> {
  return column(columnName, (types) => types.timestamp, {
    read: (stored, dialect) => dialect.readTime(stored),
    write: (value, dialect) => dialect.time(value),
  });
}

export function integer(columnName: string): Column<number> {
  return column(columnName, (types) => types.integer);
}

/** True or false, stored as 1 or 0. */
export function flag(columnName: string): Column<boolean> {
  return column(columnName, (types) => types.flag, {
    read: (stored) => stored === 1,
    write: (value) => (value ? 1 : 0),
  });
}

/** A number that the database generates, as text: a BIGINT does not fit a number of JavaScript. */
export function generatedId(columnName: string): Column<string> {
  return column(columnName, (types) => types.generatedId, { read: (stored) => String(stored) });
}

/** The same column, which may be null. */
export function nullable<Value, Context extends ColumnDialect>(
  column: Column<Value, Context>,
): Column<Value | null, Context> {
  return {
    ...column,
    isNullable: true,
    read: (stored, dialect) =>
      stored === null || stored === undefined ? null : column.read(stored, dialect),
    write: (value, context) => (value === null ? null : column.write(value, context)),
  };
}
