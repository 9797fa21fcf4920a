/** A row that is not read yet, and the bytes of its long texts. */
export interface SizedRow {
  readonly bytes: number;
}

/** Approximate size of a row without its long texts, in bytes. */
const ROW_BYTES = 512;

/**
 * The first rows that fit into a number of bytes together, and at least one, so that a reader of pages makes progress.
 *
 * @returns the number of rows, and their bytes
 */
export function fitInto(rows: readonly SizedRow[], maxBytes: number): { count: number; bytes: number } {
  let count = 0;
  let bytes = 0;
  for (const row of rows) {
    const withRow = bytes + ROW_BYTES + row.bytes;
    if (count > 0 && withRow > maxBytes) break;
    bytes = withRow;
    count += 1;
  }
  return { count, bytes };
}
