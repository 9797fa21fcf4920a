import { columnTypesOf, type SchemaDialect, type SqlType } from '../../../migrations/column-types.js';
import type { Column, ColumnDialect, Columns, SqlRow, SqlValue, ValuesOf } from './column.js';
import { columnText } from './column.text.js';

/** The column of an entity as TypeORM takes it. */
type EntityColumn = SqlType & { readonly name: string; readonly nullable: boolean };

/** The properties whose columns may be null. */
type NullsOf<C> = {
  readonly [K in keyof C as null extends ValuesOf<C>[K] ? K : never]: null;
};

/** The values of a row to be written; columns that may be null may be absent. */
type Writable<C> = Omit<ValuesOf<C>, keyof NullsOf<C>> & Partial<Pick<ValuesOf<C>, keyof NullsOf<C>>>;

/** What all of the columns together need to write their values. */
type ContextOf<C extends Columns> = C[keyof C]['write'] extends (
  value: never,
  context: infer Context extends ColumnDialect,
) => SqlValue
  ? Context
  : never;

/** The columns of an entity. */
export function entityColumns<C extends Columns>(
  columns: C,
  dialect: SchemaDialect,
): { readonly [K in keyof C]: EntityColumn } {
  const types = columnTypesOf(dialect);
  const entries = Object.entries(columns).map(([property, column]) => [
    property,
    { name: column.name, ...column.type(types), nullable: column.isNullable },
  ]);
  return Object.fromEntries(entries) as { readonly [K in keyof C]: EntityColumn };
}

/** Names of columns, as a statement lists them: `a, b, c`. */
export function namesOf(columns: Columns): string {
  return Object.values(columns)
    .map(({ name }) => name)
    .join(', ');
}

/** Assignments of an UPDATE with a parameter for each column: `a = ?, b = ?`. */
export function assignmentsOf(columns: Columns): string {
  return Object.values(columns)
    .map(({ name }) => `${name} = ?`)
    .join(', ');
}

/** The columns of these properties, in the order of the arguments. */
export function pick<C extends Columns, K extends keyof C & string>(
  columns: C,
  ...properties: readonly K[]
): Pick<C, K> {
  return Object.fromEntries(properties.map((property) => [property, columns[property]])) as Pick<C, K>;
}

/** All columns but those of these properties. */
export function omit<C extends Columns, K extends keyof C & string>(
  columns: C,
  ...properties: readonly K[]
): Omit<C, K> {
  const omitted = new Set<string>(properties);
  return Object.fromEntries(Object.entries(columns).filter(([property]) => !omitted.has(property))) as Omit<
    C,
    K
  >;
}

/** Makes a reader of rows. A column that a row does not have counts as null. */
export function rowReader<C extends Columns>(
  columns: C,
): (row: SqlRow, dialect: ColumnDialect) => ValuesOf<C> {
  const entries = Object.entries(columns);
  // Copying an object that has all properties is faster than adding one after the other, and gives one hidden class.
  const template: Readonly<Record<string, unknown>> = Object.fromEntries(
    entries.map(([property]) => [property, null]),
  );
  return (row, dialect) => {
    const values = { ...template };
    for (const [property, column] of entries) values[property] = column.read(row[column.name], dialect);
    return values as ValuesOf<C>;
  };
}

/**
 * Makes a function that returns the parameters of a row, in the order of the columns. A value that is absent counts as
 * null.
 */
export function rowWriter<C extends Columns>(
  columns: C,
): (values: Writable<C>, context: ContextOf<C>) => SqlValue[] {
  const entries = Object.entries(columns);
  return (values: Readonly<Record<string, unknown>>, context) =>
    entries.map(([property, column]) => column.write(values[property] ?? null, context));
}

/** Null for each column that may be null: what a record begins with. */
export function nullsOf<C extends Columns>(columns: C): NullsOf<C> {
  const nulls = Object.entries(columns).flatMap(([property, { isNullable }]) =>
    isNullable ? [[property, null] as const] : [],
  );
  return Object.fromEntries(nulls) as NullsOf<C>;
}

/** A text as its column takes it: cut to its length, and without characters that a database refuses. */
export function fit<T extends string | null>({ maxLength }: Pick<Column<T>, 'maxLength'>, value: T): T {
  return columnText(value, maxLength);
}
