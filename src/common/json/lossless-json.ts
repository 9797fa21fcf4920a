import { parse, stringify } from 'lossless-json';

/** Only a text with 16 digits in a row, or a number with an exponent, can contain an integer that JavaScript changes. */
const SUSPECT = /\d{16}|(?:^|[[:,\s])-?\d[\d.]*[eE]/;

/** Most digits of an integer that becomes a `bigint`: its creation takes quadratic time. */
const MAX_DIGITS = 1_000;

/**
 * Parses JSON without silently changing a number. An integer beyond ±(2^53 − 1) becomes a `bigint`. Another large number
 * that a double does not hold exactly stays a string, and so do an integer of more than 1 000 digits and a non-zero number
 * that a double would round to 0.
 *
 * Fractions are read as doubles, as usual. A text without long numbers costs no more than `JSON.parse`.
 *
 * @throws SyntaxError if the text is not JSON
 * @throws RangeError if it has long numbers and is nested some thousand levels deep
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!SUSPECT.test(text)) return value;
  return parse(text, undefined, { parseNumber: readNumber, onDuplicateKey: ({ newValue }) => newValue });
}

/** Writes a value that may contain integers as `bigint`, see {@link parseJson}. */
export function stringifyJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (error) {
    // The value has a bigint. JSON.stringify is tried first, because it is several times as fast.
    if (error instanceof TypeError) return stringify(value);
    throw error;
  }
}

function readNumber(text: string): number | bigint | string {
  const number = Number(text);
  if (number === 0) return digitsOf(text) === '' ? number : text;
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return number;
  if (/^-?\d+$/.test(text)) return text.length <= MAX_DIGITS ? BigInt(text) : text;
  return Number.isFinite(number) && digitsOf(text) === digitsOf(String(number)) ? number : text;
}

/** The significant digits of a number's text. */
function digitsOf(text: string): string {
  const digits = text.replace(/[eE].*$|\D/g, '');
  let [begin, end] = [0, digits.length];
  while (begin < end && digits[begin] === '0') begin += 1;
  while (end > begin && digits[end - 1] === '0') end -= 1;
  return digits.slice(begin, end);
}
