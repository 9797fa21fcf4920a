import { NO_VALUE_INFO } from '../../core/typed-value.converter.js';
import type { TypedValue, Variables, VariableType } from '../../state/typed-value.types.js';
import { parseDate } from '../http/date.format.js';
import { isRecord, shown, type JsonRecord } from '../http/json.reader.js';
import { invalidRequest } from '../http/rest.error.js';
import { typeOfJson, VALUE_READERS } from './value.reader.js';

/** The members of `valueInfo` that are kept besides `transient`; others are ignored, as in Camunda. */
const INFO_KEYS: Partial<Record<VariableType, readonly string[]>> = {
  File: ['filename', 'mimeType', 'encoding'],
  Object: ['objectTypeName', 'serializationDataFormat'],
};

/** Reads a `{name: {value, type, valueInfo}}` object. @throws RestError 400 */
export function readVariables(raw: unknown): Variables {
  if (raw === undefined || raw === null) return new Map();
  if (!isRecord(raw)) throw invalidRequest('Variables must be an object of {value, type, valueInfo}');
  return new Map(
    Object.entries(raw).map(([name, value]) => [name, readVariable(value, `The variable '${shown(name)}'`)]),
  );
}

/**
 * Reads one `{value, type, valueInfo}`; an absent type is derived from the value.
 *
 * @param subject its name in an error message
 * @throws RestError 400
 */
export function readVariable(raw: unknown, subject = 'A variable'): TypedValue {
  const dto = raw ?? {};
  if (!isRecord(dto)) throw invalidRequest(`${subject} must be an object {value, type, valueInfo}`);
  const value = dto.value ?? null;
  const info = dto.valueInfo ?? {};
  if (!isRecord(info)) throw invalidRequest('valueInfo of a variable must be an object');
  const type = readType(dto.type, value);
  const mayBeNull = type !== 'File' && type !== 'Object';
  const read = value === null && mayBeNull ? null : VALUE_READERS[type](value, info);
  return { type, value: read, valueInfo: readInfo(type, info) };
}

function readInfo(type: VariableType, info: JsonRecord): TypedValue['valueInfo'] {
  const kept = (INFO_KEYS[type] ?? []).filter((key) => typeof info[key] === 'string');
  const isTransient = info.transient === true;
  if (kept.length === 0 && !isTransient) return NO_VALUE_INFO;
  return {
    ...Object.fromEntries(kept.map((key) => [key, info[key]])),
    ...(isTransient && { transient: true }),
  };
}

function readType(raw: unknown, value: unknown): VariableType {
  if (raw === undefined || raw === null) return typeOfJson(value);
  const name = typeof raw === 'string' ? raw.charAt(0).toUpperCase() + raw.slice(1) : '';
  if (!isVariableType(name)) throw invalidRequest(`Unsupported value type '${shown(raw)}'`);
  return name;
}

function isVariableType(name: string): name is VariableType {
  return Object.hasOwn(VALUE_READERS, name);
}

/** A JSON value to compare with variables; a date text becomes epoch milliseconds. */
export function readPlainValue(value: unknown): unknown {
  return typeof value === 'string' ? (parseDate(value) ?? value) : value;
}
