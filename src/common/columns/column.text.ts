/** What the length of a column counts. */
export type ColumnUnit = 'characters' | 'bytes';

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
  return (unit === 'bytes' && Buffer.byteLength(cut) > maxLength ? cutToBytes(cut, maxLength) : cut) as T;
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
