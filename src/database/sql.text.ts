import type { GuardedRows, NewRows, ReturningUpdate, SqlExecutor, SqlStatement } from './sql.dialect.js';

/** Batch sizes: few, so that the prepared statements of a batch are few as well. */
const BATCH_SIZES = [64, 32, 16, 8, 4, 2, 1] as const;

/** The size of a text in UTF-8, in bytes; 0 for null. */
export function bytesOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text);
}

/** The placeholders of a row: `(?,?,?)`. */
export function placeholders(count: number): string {
  return `(${Array.from({ length: count }, () => '?').join(',')})`;
}

/**
 * Splits items into batches of 64, 32, … 1 whose parameters fit into a statement.
 *
 * @param parameters of one item
 * @param maxParameters of one statement
 */
export function inBatches<T>(items: readonly T[], parameters: number, maxParameters: number): T[][] {
  const batches: T[][] = [];
  let from = 0;
  while (from < items.length) {
    const left = items.length - from;
    const size =
      BATCH_SIZES.find((each) => each <= left && (each === 1 || each * parameters <= maxParameters)) ?? 1;
    batches.push(items.slice(from, from + size));
    from += size;
  }
  return batches;
}

/** An UPDATE with `RETURNING`, as SQLite and PostgreSQL have it. */
export function updateReturning({ table, set, where, returning }: ReturningUpdate): string {
  return `UPDATE ${table} SET ${set} WHERE ${where} RETURNING ${returning}`;
}

/** Inserts rows in one statement with `ON CONFLICT`, as SQLite and PostgreSQL have it. */
export function insertIgnoringConflicts(
  sql: SqlExecutor,
  { table, columns, row, parameters, returning }: NewRows,
  otherwise: SqlStatement,
): Promise<GuardedRows> {
  const insert =
    `INSERT INTO ${table} (${columns}) VALUES ${parameters.map(() => row).join(',')} ` +
    `ON CONFLICT DO NOTHING RETURNING ${returning}`;
  return sql.queryOr({ sql: insert, parameters: parameters.flat() }, parameters.length, otherwise);
}
