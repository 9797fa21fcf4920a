/**
 * JSON for what JSON alone would lose or bloat: numbers that it does not know, and long texts, which are kept apart
 * and referred to. `{"$n":…}` is such a number, `{"$t":…}` the number of a text, and `{"$o":…}` an object that has a
 * member whose name begins with `$` itself.
 */

/** Texts of at most this many characters stand where they are used; longer ones are kept apart, written once. */
export const LONGEST_INLINE_TEXT = 4_096;

/** Keeps a long text and says its number. */
type LargeTextWriter = (text: string) => number;

/** Says a kept text. */
export type LargeTextReader = (id: number) => string;

/** Plain data such that `JSON.stringify` loses nothing; the same object where it loses nothing anyway. */
export function toJsonSafe(value: unknown, keep: LargeTextWriter): unknown {
  return isSafe(value) ? value : makeSafe(value, keep);
}

/** What was written with {@link toJsonSafe}. @throws SyntaxError */
export function parseJsonText(text: string, read: LargeTextReader): unknown {
  const value: unknown = JSON.parse(text);
  // In JSON a quote within a text follows a backslash, so this stands nowhere but before one of our members.
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
  // fromEntries makes own members, also of one that is called `__proto__`.
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
