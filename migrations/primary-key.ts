import type { TableColumnOptions } from 'typeorm';

/** Marks columns as parts of the primary key. */
export function withPrimaryKey(
  columns: readonly TableColumnOptions[],
  ...names: readonly string[]
): TableColumnOptions[] {
  return columns.map((column) => (names.includes(column.name) ? { ...column, isPrimary: true } : column));
}
