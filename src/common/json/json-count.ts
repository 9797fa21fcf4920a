/** Size of a JSON text, counted over all depths. */
export interface JsonCount {
  /** Members of objects, repeated names included. */
  readonly members: number;
  /** Items of arrays. */
  readonly items: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Space; tab and line ends have smaller codes. */
const SPACE = 0x20;

/**
 * Counts members and items of a JSON text without parsing it: parsing creates an object for each, which a limit has to
 * prevent. Takes about a millisecond per megabyte.
 *
 * @param text UTF-8; if it is not JSON, the result is meaningless
 */
export function countJson(text: Uint8Array): JsonCount {
  let members = 0;
  let values = 0;
  let isOpened = false;
  for (let at = 0; at < text.length; at += 1) {
    const byte = text[at] ?? SPACE;
    if (byte <= SPACE) continue;
    // The first value of an object or array has no comma before it.
    if (isOpened && byte !== CLOSE_BRACKET && byte !== CLOSE_BRACE) values += 1;
    isOpened = byte === OPEN_BRACKET || byte === OPEN_BRACE;
    if (byte === COLON) members += 1;
    else if (byte === COMMA) values += 1;
    else if (byte === QUOTE) at = endOfText(text, at);
  }
  return { members, items: Math.max(values - members, 0) };
}

/** @returns the position of the closing quote, or the length of the text if there is none */
function endOfText(text: Uint8Array, from: number): number {
  let end = text.indexOf(QUOTE, from + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf(QUOTE, end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: Uint8Array, quote: number): boolean {
  let slashes = 0;
  while (text[quote - 1 - slashes] === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}
