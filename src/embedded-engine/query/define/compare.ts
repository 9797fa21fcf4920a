/** What records are compared by. */
export type Scalar = string | number | null;

/** Ascending; null is first, as in the databases that Camunda is tested on. */
export function compareScalars<T extends Scalar | boolean>(a: T, b: T): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}
