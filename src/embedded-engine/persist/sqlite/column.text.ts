/** Prefix of a text that is stored as JSON. It is not a Unicode character, so no text begins with it. */
const AS_JSON = '\uFFFE';
const HALF_CHARACTER = /\p{Surrogate}/u;

/** Encodes a text for SQLite. SQLite stores UTF-8, which has no lone surrogates; a text with one is stored as JSON. */
export function toColumn<T extends string | null>(text: T): T | string {
  if (text === null || !(HALF_CHARACTER.test(text) || text.startsWith(AS_JSON))) return text;
  return AS_JSON + JSON.stringify(text);
}

export function fromColumn<T extends string | null>(text: T): T | string {
  return text?.startsWith(AS_JSON) === true ? (JSON.parse(text.slice(AS_JSON.length)) as string) : text;
}
