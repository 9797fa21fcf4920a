/** Stands before a text that is kept as JSON; Unicode has no such character. */
const AS_JSON = '\uFFFE';
const HALF_CHARACTER = /\p{Surrogate}/u;

/** SQLite keeps UTF-8, which has no half characters; a text with one, which JavaScript may have, is kept as JSON. */
export function toColumn<T extends string | null>(text: T): T | string {
  if (text === null || !(HALF_CHARACTER.test(text) || text.startsWith(AS_JSON))) return text;
  return AS_JSON + JSON.stringify(text);
}

export function fromColumn<T extends string | null>(text: T): T | string {
  return text?.startsWith(AS_JSON) === true ? (JSON.parse(text.slice(AS_JSON.length)) as string) : text;
}
