import type { RequestBody } from './http.types.js';
import { invalidRequest, RestError } from './rest.error.js';

/** A JSON object with unchecked members. */
export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The body as an object; `{}` for an empty body and for `null`. @throws RestError 400, 415 */
export function bodyOf(body: RequestBody): JsonRecord {
  switch (body.kind) {
    case 'none':
      return {};
    case 'json':
      if (body.value === null || body.value === undefined) return {};
      if (isRecord(body.value)) return body.value;
      throw invalidRequest('Cannot read the request body: it is not a JSON object');
    case 'malformed':
      throw invalidRequest(`Cannot parse the JSON of the request body: ${body.reason}`);
    case 'form':
      throw unsupported('multipart/form-data');
    case 'other':
      throw unsupported(body.contentType);
    default:
      return body satisfies never;
  }
}

function unsupported(contentType: string): RestError {
  return new RestError(
    415,
    'NotSupportedException',
    `The content type ${contentType} is not supported here, use application/json`,
  );
}

/** Reads one member of a body or query. @throws RestError 400 */
export type MemberReader<T> = (value: unknown, name: string) => T;

/** @param javaType the Java type in Camunda's message */
function refuseMember(name: string, value: unknown, javaType: string): never {
  const text = shown(value);
  throw invalidRequest(
    `Cannot set query parameter '${name}' to value '${text}': Cannot convert value ${text} to java type ${javaType}`,
  );
}

/** A string, number or Boolean as text; null for any other value. */
export function scalarText(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : null;
}

/** A value as text for an error message, cut to 200 characters. */
export function shown(value: unknown): string {
  return (scalarText(value) ?? JSON.stringify(value)).slice(0, 200);
}

/** A text; numbers and Booleans become texts, as with Jackson. */
export function text(value: unknown, name: string): string {
  return scalarText(value) ?? refuseMember(name, value, 'java.lang.String');
}

/** Largest `int` of Java. */
const MAX_INTEGER = 2 ** 31 - 1;

/** A 32-bit integer, also as text; a fraction is cut off, as with Jackson. */
export function integer(value: unknown, name: string): number {
  return wholeNumber(value, MAX_INTEGER) ?? refuseMember(name, value, 'java.lang.Integer');
}

/** A safe integer of JavaScript, also as text. */
export function long(value: unknown, name: string): number {
  return wholeNumber(value, Number.MAX_SAFE_INTEGER) ?? refuseMember(name, value, 'java.lang.Long');
}

function wholeNumber(value: unknown, greatest: number): number | null {
  const isText = typeof value === 'string' && /^[+-]?\d{1,18}$/.test(value);
  if (!isText && typeof value !== 'number') return null;
  const number = Math.trunc(Number(value));
  return Math.abs(number) <= greatest ? number : null;
}

export function boolean(value: unknown, name: string): boolean {
  if (value === true || value === 'true') return true;
  return value === false || value === 'false' || value === ''
    ? false
    : refuseMember(name, value, 'java.lang.Boolean');
}

/** Texts as a JSON list, or separated by commas. */
export function list(value: unknown, name: string): readonly string[] {
  if (Array.isArray(value))
    return value.filter((item) => item !== null).map((item: unknown) => text(item, name));
  return text(value, name)
    .split(',')
    .filter((item) => item !== '');
}

/** Reads a member; undefined if it is absent or null, which are the same for Camunda. */
export function optional<T>(record: JsonRecord, name: string, reader: MemberReader<T>): T | undefined {
  const value = Object.hasOwn(record, name) ? record[name] : undefined;
  return value === undefined || value === null ? undefined : reader(value, name);
}

/** Like {@link optional}, but null for an absent member. */
export function nullable<T>(record: JsonRecord, name: string, reader: MemberReader<T>): T | null {
  return optional(record, name, reader) ?? null;
}
