import { EngineError } from '../core/engine.errors.js';
import type { TypedValue, Variables, VariableType } from '../core/typed-value.types.js';
import { formatDate, parseDate } from './date.format.js';
import { isRecord, scalarText, shown, type JsonRecord } from './json.reader.js';
import { invalidRequest } from './rest.error.js';

/** Longest String variable, as Camunda's database columns allow (2 000 on Oracle). */
const MAX_STRING = 4_000;
/** `code` of Camunda's error for a text that is too long for its column. */
const COLUMN_TOO_SMALL = 10_002;

type Reader = (value: unknown, info: JsonRecord) => TypedValue['value'];

const RANGES = {
  Short: [-(2 ** 15), 2 ** 15 - 1],
  Integer: [-(2 ** 31), 2 ** 31 - 1],
  Long: [-(2 ** 63), 2 ** 63],
} as const satisfies Partial<Record<VariableType, readonly [number, number]>>;

/** How each type reads a JSON value; all take null. */
const READERS: Readonly<Record<VariableType, Reader>> = {
  Boolean: (value) =>
    typeof value === 'boolean' ? value : textForm(value, 'Boolean').toLowerCase() === 'true',
  Short: (value) => readInteger(value, 'Short'),
  Integer: (value) => readInteger(value, 'Integer'),
  Long: (value) => readInteger(value, 'Long'),
  Double: readDouble,
  Date: readDate,
  String: readString,
  Null: (value) => (value === null ? null : refuse(value, 'Null', 'null')),
  Json: (value) => readSerialized(value, 'Json'),
  Xml: (value) => readSerialized(value, 'Xml'),
  Object: readObject,
  Bytes: (value) => readBase64(value, 'Bytes'),
  File: readFile,
};

/** A `{name: {value, type, valueInfo}}` object of a request. @throws RestError 400 */
export function readVariables(raw: unknown): Variables {
  if (raw === undefined || raw === null) return new Map();
  if (!isRecord(raw)) throw invalidRequest('Variables must be an object of {value, type, valueInfo}');
  return new Map(Object.entries(raw).map(([name, value]) => [name, readVariable(value)]));
}

/** One `{value, type, valueInfo}`; without a type the JSON value tells it. @throws RestError 400 */
export function readVariable(raw: unknown): TypedValue {
  const dto = raw ?? {};
  if (!isRecord(dto)) throw invalidRequest('A variable must be an object {value, type, valueInfo}');
  const value = dto.value ?? null;
  const info = dto.valueInfo ?? {};
  if (!isRecord(info)) throw invalidRequest('valueInfo of a variable must be an object');
  const type = readType(dto.type, value);
  const isNullable = type !== 'File' && type !== 'Object';
  const read = value === null && isNullable ? null : READERS[type](value, info);
  return { type, value: read, valueInfo: info };
}

function readType(raw: unknown, value: unknown): VariableType {
  if (raw === undefined || raw === null) return typeOfJson(value);
  const name = typeof raw === 'string' ? raw.charAt(0).toUpperCase() + raw.slice(1) : '';
  if (!isVariableType(name)) throw invalidRequest(`Unsupported value type '${shown(raw)}'`);
  return name;
}

function isVariableType(name: string): name is VariableType {
  return Object.hasOwn(READERS, name);
}

function typeOfJson(value: unknown): VariableType {
  if (value === null) return 'Null';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value !== 'number')
    throw invalidRequest('A variable that is an object or a list needs a type, e.g. Json');
  if (!Number.isInteger(value)) return 'Double';
  const [least, most] = RANGES.Integer;
  return value >= least && value <= most ? 'Integer' : 'Long';
}

function refuse(value: unknown, type: VariableType, javaType: string): never {
  throw invalidRequest(`Cannot convert value '${shown(value)}' of type '${type}' to java type ${javaType}`);
}

function textForm(value: unknown, type: VariableType): string {
  return scalarText(value) ?? refuse(value, type, `java.lang.${type}`);
}

function readInteger(value: unknown, type: keyof typeof RANGES): number {
  const text = textForm(value, type);
  const number = Number(text);
  const [least, most] = RANGES[type];
  const isInteger = typeof value === 'number' ? Number.isInteger(value) : /^[+-]?\d+$/.test(text);
  if (!isInteger || number < least || number > most) refuse(value, type, `java.lang.${type}`);
  return number;
}

function readDouble(value: unknown): number {
  const text = textForm(value, 'Double');
  const number = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(number)) refuse(value, 'Double', 'java.lang.Double');
  return number;
}

function readDate(value: unknown): number {
  const epochMs = typeof value === 'string' ? parseDate(value) : null;
  return epochMs ?? refuse(value, 'Date', 'java.util.Date');
}

function readString(value: unknown): string {
  const text = textForm(value, 'String');
  if (text.length > MAX_STRING) {
    throw new EngineError(
      'ProcessEngine',
      'ProcessEngineException',
      `A String variable has at most ${MAX_STRING} characters, this one has ${text.length}`,
      COLUMN_TOO_SMALL,
    );
  }
  return text;
}

function readSerialized(value: unknown, type: VariableType): string | null {
  if (value === null || typeof value === 'string') return value;
  throw invalidRequest(`Must provide 'null' or String value for value of SerializableValue type '${type}'.`);
}

function readObject(value: unknown, info: JsonRecord): string | null {
  for (const name of ['objectTypeName', 'serializationDataFormat']) {
    if (typeof info[name] !== 'string')
      throw invalidRequest(`Must provide '${name}' in valueInfo of an Object variable`);
  }
  return readSerialized(value, 'Object');
}

function readBase64(value: unknown, type: VariableType): string {
  const text = textForm(value, type);
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) throw invalidRequest('Provided value is not of type Base64');
  return text;
}

function readFile(value: unknown, info: JsonRecord): string | null {
  if (typeof info.filename !== 'string')
    throw invalidRequest('Must provide a filename in valueInfo of a File variable');
  return value === null ? null : readBase64(value, 'File');
}

/** Variables as responses show them. */
export function writeVariables(variables: Variables): Record<string, unknown> {
  return Object.fromEntries([...variables].map(([name, value]) => [name, writeVariable(value)]));
}

/** `{type, value, valueInfo}`: the content of a File is never shown, the marker `transient` neither. */
export function writeVariable(variable: TypedValue): { type: string; value: unknown; valueInfo: unknown } {
  const { transient: _transient, ...valueInfo } = variable.valueInfo;
  return { type: variable.type, value: writeValue(variable), valueInfo };
}

function writeValue({ type, value }: TypedValue): unknown {
  if (type === 'File') return null;
  return type === 'Date' && typeof value === 'number' ? formatDate(value) : value;
}

/** A plain JSON value as it compares with the variables' plain values: a date text is epoch milliseconds. */
export function readPlainValue(value: unknown): unknown {
  return typeof value === 'string' ? (parseDate(value) ?? value) : value;
}
