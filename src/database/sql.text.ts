import type {
  ColumnUnit,
  GuardedRows,
  NewRows,
  ReturningUpdate,
  SqlExecutor,
  SqlStatement,
} from './sql.dialect.js';

/** Batch sizes: few, so that the prepared statements of a batch are few as well. */
const BATCH_SIZES = [64, 32, 16, 8, 4, 2, 1] as const;

/** PostgreSQL takes no NUL in a text; it is kept visible, the way JSON writes it. */
const NUL = /\0/g;

/** Half a pair of surrogates: UTF-8 has no bytes for it, and each driver would write others. */
const HALF_PAIR = /\p{Surrogate}/gu;

/**
 * A text as a column takes it: NUL characters escaped, U+FFFD for half a pair of surrogates, cut to the column.
 *
 * @param maxLength of the column; a pair of surrogates is not cut in two
 * @param unit of the length: characters of UTF-16, or bytes of UTF-8, which no other encoding of a database exceeds
 */
export function columnText<T extends string | null>(
  text: T,
  maxLength = Infinity,
  unit: ColumnUnit = 'characters',
): T {
  if (text === null) return text;
  const escaped = (text.includes('\0') ? text.replace(NUL, '\\u0000') : text).replace(HALF_PAIR, '\ufffd');
  const cut = withoutHalf(escaped, maxLength);
  // No character is shorter than a byte, so what is too long in characters is cut already.
  return (unit === 'bytes' && bytesOf(cut) > maxLength ? cutToBytes(cut, maxLength) : cut) as T;
}

function withoutHalf(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const last = text.charCodeAt(maxLength - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, splitsPair ? maxLength - 1 : maxLength);
}

function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let length = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    length += character.length;
  }
  return text.slice(0, length);
}

/** What a text takes in memory or on the wire, in bytes; 0 for null. */
export function bytesOf(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(text);
}

/** The placeholders of a row: `(?,?,?)`. */
export function placeholders(count: number): string {
  return `(${Array.from({ length: count }, () => '?').join(',')})`;
}

/**
 * Cuts items into batches of 64, 32, … 1, as long as the parameters of a batch fit a statement.
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
