/**
 * JSON for values that plain JSON would lose, such as NaN, and for long texts, which are stored separately. `{"$n":…}`
 * is such a number, `{"$t":…}` the number of a long text, and `{"$o":…}` an object with a member whose name begins with
 * `$`.
 */

/** Longest text that is stored inline, in characters; longer ones are stored separately, once. */
export const LONGEST_INLINE_TEXT = 4_096;

/** Stores a long text and returns its number. */
type LargeTextWriter = (text: string) => number;

/** Returns a stored text by its number. */
export type LargeTextReader = (id: number) => string;

/**
 * Converts a value to data that `JSON.stringify` keeps complete; returns the same object if no conversion is needed.
 */
export function toJsonSafe(value: unknown, keep: LargeTextWriter): unknown {
  return isSafe(value) ? value : makeSafe(value, keep);
}

/** Parses what {@link toJsonSafe} wrote. @throws SyntaxError */
export function parseJsonText(text: string, read: LargeTextReader): unknown {
  const value: unknown = JSON.parse(text);
  // In JSON a quote within a text follows a backslash, so this sequence appears only before one of our members.
  return text.includes('{"$') ? restore(value, read) : value;
}

function isSafe(value: unknown): boolean {
  if (typeof value === 'string') return value.length <= LONGEST_INLINE_TEXT;
  if (typeof value === 'number') return isSafeNumber(value);
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (!isSafe(item)) return false;
    return true;
  }
  for (const name in value) {
    if (name.startsWith('$') || !isSafe((value as Record<string, unknown>)[name])) return false;
  }
  return true;
}

function isSafeNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function makeSafe(value: unknown, keep: LargeTextWriter): unknown {
  if (typeof value === 'string') return value.length <= LONGEST_INLINE_TEXT ? value : { $t: keep(value) };
  if (typeof value === 'number')
    return isSafeNumber(value) ? value : { $n: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => makeSafe(item, keep));
  const entries = Object.entries(value).map(([name, member]) => [name, makeSafe(member, keep)] as const);
  // fromEntries creates own members, also for the name `__proto__`.
  const copy = Object.fromEntries(entries) as unknown;
  return entries.some(([name]) => name.startsWith('$')) ? { $o: copy } : copy;
}

function restore(value: unknown, read: LargeTextReader): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => restore(item, read));
  if ('$t' in value) return read(Number(value.$t));
  if ('$n' in value) return Number(value.$n);
  if ('$o' in value) return restoreMembers(value.$o as object, read);
  return restoreMembers(value, read);
}

function restoreMembers(value: object, read: LargeTextReader): unknown {
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, restore(member, read)]));
}
