import { parse, stringify } from 'lossless-json';

/** Only a text with such a run of digits, or a number with an exponent, can hold an integer that JavaScript changes. */
const SUSPECT = /\d{16}|(?:^|[[:,\s])-?\d[\d.]*[eE]/;

/** Digits of an integer that becomes a `bigint`: making one takes time with the square of its length. */
const MOST_DIGITS = 1_000;

/**
 * Parses JSON without changing a number in silence: an integer beyond ±(2^53 − 1) becomes a `bigint`, any other number
 * beyond that which a double does not hold exactly stays the text that it came as. So does an integer of more than
 * 1 000 digits, and a number that a double takes for 0 and that is none.
 *
 * Fractions are read as doubles, as JSON readers do. A text without long numbers costs no more than `JSON.parse`.
 *
 * @throws SyntaxError if the text is not JSON
 * @throws RangeError if it has long numbers and is nested too deeply to look for them, some thousand levels
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
  if (number === 0) return digitsOf(text) === '' ? number : text;
  if (Math.abs(number) <= Number.MAX_SAFE_INTEGER) return number;
  if (/^-?\d+$/.test(text)) return text.length <= MOST_DIGITS ? BigInt(text) : text;
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
