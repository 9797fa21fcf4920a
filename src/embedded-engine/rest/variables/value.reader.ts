import { ProcessEngineError } from '../../state/engine.errors.js';
import type { TypedValue, VariableType } from '../../state/typed-value.types.js';
import { checkLength } from '../../core/variable.limits.js';
import { parseDate } from '../http/date.format.js';
import { scalarText, shown, type JsonRecord } from '../http/json.reader.js';
import { illegalArgument, invalidRequest } from '../http/rest.error.js';

/** Camunda's message for a File without a name. */
export const NO_FILE_NAME =
  'Cannot create file without filename! Please set a name into ValueInfo with key filename';

type Reader = (value: unknown, info: JsonRecord) => TypedValue['value'];

const RANGES = {
  Short: [-(2 ** 15), 2 ** 15 - 1],
  Integer: [-(2 ** 31), 2 ** 31 - 1],
  // A Java Long goes to 2^63, but a JavaScript number is exact only in this range. Larger values are refused.
  Long: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
} as const satisfies Partial<Record<VariableType, readonly [number, number]>>;

/** Reads a JSON value that is not null, by type. */
export const VALUE_READERS: Readonly<Record<VariableType, Reader>> = {
  Boolean: (value) => orNull(value, () => readBoolean(value)),
  Short: (value) => orNull(value, () => readInteger(value, 'Short')),
  Integer: (value) => orNull(value, () => readInteger(value, 'Integer')),
  Long: (value) => orNull(value, () => readInteger(value, 'Long')),
  Double: (value) => orNull(value, () => readDouble(value)),
  Date: (value) => orNull(value, () => readDate(value)),
  String: readString,
  Null: (value) => refuse(value, 'Null', 'javax.lang.model.type.NullType'),
  Json: (value) => readSerialized(value, 'Json'),
  Xml: (value) => readSerialized(value, 'Xml'),
  Object: readObject,
  Bytes: readBytes,
  File: readFile,
};

/** Jackson reads a blank text as null for every type that is not a text. */
function orNull(
  value: unknown,
  read: () => Exclude<TypedValue['value'], null>,
): Exclude<TypedValue['value'], null> | null {
  return typeof value === 'string' && value.trim() === '' ? null : read();
}

function refuse(value: unknown, type: VariableType, javaType: string): never {
  throw invalidRequest(`Cannot convert value '${shown(value)}' of type '${type}' to java type ${javaType}`);
}

function textForm(value: unknown, type: VariableType): string {
  return scalarText(value) ?? refuse(value, type, `java.lang.${type}`);
}

function readBoolean(value: unknown): boolean {
  const text = textForm(value, 'Boolean').trim();
  if (/^(true|True|TRUE)$/.test(text)) return true;
  return /^(false|False|FALSE)$/.test(text) ? false : refuse(value, 'Boolean', 'java.lang.Boolean');
}

function readInteger(value: unknown, type: keyof typeof RANGES): number {
  const text = textForm(value, type).trim();
  const number = Number(text);
  const [least, most] = RANGES[type];
  const isInteger = typeof value === 'number' ? Number.isInteger(value) : /^[+-]?\d+$/.test(text);
  if (!isInteger || number < least || number > most) refuse(value, type, `java.lang.${type}`);
  return number;
}

function readDouble(value: unknown): number {
  const number = Number(textForm(value, 'Double'));
  if (!Number.isFinite(number)) refuse(value, 'Double', 'java.lang.Double');
  return number;
}

function readDate(value: unknown): number {
  const epochMs = typeof value === 'string' ? parseDate(value) : null;
  return epochMs ?? refuse(value, 'Date', 'java.util.Date');
}

function readString(value: unknown): string {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) refuse(value, 'String', 'java.lang.String');
  const text = textForm(value, 'String');
  checkLength({ type: 'String', value: text });
  return text;
}

function readSerialized(value: unknown, type: VariableType): string | null {
  if (value === null || typeof value === 'string') return value;
  throw invalidRequest(`Must provide 'null' or String value for value of SerializableValue type '${type}'.`);
}

function readObject(value: unknown, info: JsonRecord): string | null {
  const text = readSerialized(value, 'Object');
  for (const name of ['objectTypeName', 'serializationDataFormat']) {
    if (typeof info[name] !== 'string')
      throw new ProcessEngineError(`Cannot write serialized value for variable: no '${name}' provided`);
  }
  return text;
}

function readBytes(value: unknown): string {
  const text = textForm(value, 'Bytes');
  return isBase64(text) ? text : refuse(value, 'Bytes', '[B');
}

function readFile(value: unknown, info: JsonRecord): string {
  if (typeof info.filename !== 'string') throw illegalArgument(NO_FILE_NAME);
  if (typeof value !== 'string')
    throw illegalArgument('Provided value is not of File, InputStream or byte[] type.');
  return isBase64(value) ? value : refuse(value, 'File', '[B');
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text);
}

/** The type that Jackson derives from a value without a type. @throws RestError 400 */
export function typeOfJson(value: unknown): VariableType {
  if (value === null) return 'Null';
  if (typeof value === 'string') return 'String';
  if (typeof value === 'boolean') return 'Boolean';
  if (typeof value !== 'number')
    throw invalidRequest('A variable that is an object or a list needs a type, e.g. Json');
  if (!Number.isInteger(value)) return 'Double';
  if (!Number.isSafeInteger(value)) return refuse(value, 'Long', 'java.lang.Long');
  const [least, most] = RANGES.Integer;
  return value >= least && value <= most ? 'Integer' : 'Long';
}
