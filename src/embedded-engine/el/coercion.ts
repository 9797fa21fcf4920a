/**
 * JUEL's coercion rules (Expression Language specification 2.2, §1.18), as its TypeConverter applies them.
 */
import { classNameOf, ElObject } from './el-object.js';
import { CoercionError } from './expression.errors.js';
import { formatNumber, isElNumber, numberValueOf } from './typed-number.js';

const INTEGER_TEXT = /^[+-]?\d+$/;
/** Texts that Java's Double.valueOf accepts, except its rare hexadecimal form. */
const DOUBLE_TEXT = /^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[dDfF]?\s*$/;

function refuse(value: unknown, target: string): never {
  const shown = typeof value === 'string' ? `'${value.slice(0, 100)}'` : `from class ${classNameOf(value)}`;
  throw new CoercionError(`Cannot coerce ${shown} to class ${target}`);
}

/** Null and the empty text are false; a text is true when it reads `true` in any case. */
export function toBoolean(value: unknown): boolean {
  if (value === null || value === undefined || value === '') return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toLowerCase() === 'true';
  return refuse(value, 'java.lang.Boolean');
}

/** Null and the empty text are 0; a fraction is cut off. */
export function toLong(value: unknown): number {
  if (value === null || value === undefined || value === '') return 0;
  if (isElNumber(value)) return Math.trunc(numberValueOf(value));
  if (typeof value === 'string' && INTEGER_TEXT.test(value)) return Number(value);
  return refuse(value, 'java.lang.Long');
}

/** Null and the empty text are 0. */
export function toDouble(value: unknown): number {
  if (value === null || value === undefined || value === '') return 0;
  if (isElNumber(value)) return numberValueOf(value);
  if (typeof value === 'string') {
    const match = DOUBLE_TEXT.exec(value);
    if (match !== null) return Number(match[1]);
    if (/^[+-]?(NaN|Infinity)$/.test(value.trim())) return Number(value);
  }
  return refuse(value, 'java.lang.Double');
}

/** Converts null to the empty text, and lists and maps to Java's text form. */
export function toText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return print(value, 0);
}

/** Maximum depth to which nested lists are printed. */
const PRINT_DEPTH = 50;

function print(value: unknown, depth: number): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return String(value);
  if (isElNumber(value)) return formatNumber(value);
  if (value instanceof ElObject) return value.toString();
  if (value instanceof Date) return printDate(value);
  if (depth > PRINT_DEPTH) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => print(item, depth + 1)).join(', ')}]`;
  const entries = [...mapEntries(value)];
  return `{${entries.map(([key, item]) => `${print(key, depth + 1)}=${print(item, depth + 1)}`).join(', ')}}`;
}

/** The entries of a Map or of a plain object's own members. */
export function mapEntries(value: unknown): Iterable<[unknown, unknown]> {
  if (value instanceof Map) return value.entries() as Iterable<[unknown, unknown]>;
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The text form of java.util.Date in UTC: `Thu Jan 01 00:00:00 UTC 1970`. */
function printDate(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0');
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(':');
  const day = `${DAYS[date.getUTCDay()] ?? ''} ${MONTHS[date.getUTCMonth()] ?? ''} ${two(date.getUTCDate())}`;
  return `${day} ${clock} UTC ${date.getUTCFullYear()}`;
}
