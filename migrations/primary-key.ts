import type { TableColumnOptions } from 'typeorm';

/** Makes columns of a table the parts of its primary key. */
export function withPrimaryKey(
  columns: readonly TableColumnOptions[],
  ...names: readonly string[]
): TableColumnOptions[] {
  return columns.map((column) => (names.includes(column.name) ? { ...column, isPrimary: true } : column));
}
