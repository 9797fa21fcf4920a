import { parse, stringify } from 'lossless-json';

/** Only a text with such a run of digits, or such an exponent, can hold a number that JavaScript changes. */
const SUSPECT = /\d{16}|\d[eE]\+?\d{3}/;

/**
 * Parses JSON without changing a number in silence: an integer beyond ±(2^53 − 1) becomes a `bigint`, any other number
 * beyond that which a double does not hold exactly stays the text that it came as.
 *
 * Fractions are read as doubles, as JSON readers do. A text without long numbers costs no more than `JSON.parse`.
 *
 * @throws SyntaxError where the text is not JSON
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!SUSPECT.test(text)) return value;
  return parse(text, undefined, { parseNumber: readNumber, onDuplicateKey: ({ newValue }) => newValue });
}

/** JSON text of a value that may hold integers as `bigint`, see {@link parseJson}. */
export function stringifyJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // Of a bigint; the standard writer is several times as fast.
    if (error instanceof TypeError) return stringify(value);
    throw error;
  }
}

function readNumber(text: string): number | bigint | string {
  const number = Number(text);
  if (Number.isSafeInteger(number) || Math.abs(number) < Number.MAX_SAFE_INTEGER) return number;
  if (/^-?\d+$/.test(text)) return BigInt(text);
  return Number.isFinite(number) && digitsOf(text) === digitsOf(String(number)) ? number : text;
}

/** The significant digits of a number's text. */
function digitsOf(text: string): string {
  return text.replace(/[eE].*$|\D/g, '').replace(/^0+|0+$/g, '');
}
