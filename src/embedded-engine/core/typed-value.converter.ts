import { types } from 'node:util';
import { parseJson, stringifyJson } from '../../common/json/index.js';
import {
  asDouble,
  asLong,
  ElObject,
  isElNumber,
  numberTypeOf,
  numberValueOf,
  SpinJson,
  TypedNumber,
} from '../el/index.js';
import { ProcessEngineError } from '../state/engine.errors.js';
import type { TypedValue } from '../state/typed-value.types.js';

/** The empty `valueInfo`, shared by all values to save memory. */
export const NO_VALUE_INFO: Readonly<Record<string, unknown>> = Object.freeze({});

/** The shared value of type Null. */
export const NULL_VALUE: TypedValue = Object.freeze({ type: 'Null', value: null, valueInfo: NO_VALUE_INFO });

/**
 * Converts a variable for expressions: numbers with their Java type, Date as a JS Date, Json as a Spin node, Xml and
 * Object as their text, File and Bytes as their base64 text, null as null.
 */
export function toExpressionValue(variable: TypedValue): unknown {
  const { type, value } = variable;
  if (value === null) return null;
  if (typeof value === 'number') {
    if (type === 'Date') return new Date(value);
    if (type === 'Double') return asDouble(value);
    if (type === 'Long') return asLong(value);
    return type === 'Short' ? new TypedNumber('Short', value) : value;
  }
  if (type === 'Json' && typeof value === 'string') return SpinJson.parse(value);
  return type === 'Object' && typeof value === 'string' ? (javaCollection(variable) ?? value) : value;
}

/** Deserializes `java.util` lists and maps whose format is JSON; null for anything else. */
function javaCollection({ value, valueInfo }: TypedValue): unknown {
  const { objectTypeName, serializationDataFormat } = valueInfo;
  const isCollection =
    typeof objectTypeName === 'string' && /^java\.util\.[A-Za-z]+(<.*>)?$/.test(objectTypeName);
  if (!isCollection || serializationDataFormat !== 'application/json') return null;
  try {
    return parseJson(String(value));
  } catch {
    return null;
  }
}

/**
 * Converts the value of an expression to a variable. Lists and maps become `java.util` collections in JSON, as in a
 * Camunda whose default format is JSON. @throws ProcessEngine for a host object such as `execution`, at any depth
 */
export function toTypedValue(value: unknown): TypedValue {
  if (value === null || value === undefined) return NULL_VALUE;
  if (typeof value === 'string') return typed('String', value);
  if (typeof value === 'boolean') return typed('Boolean', value);
  if (isElNumber(value)) return typed(numberTypeOf(value), numberValueOf(value));
  if (types.isDate(value)) return typed('Date', value.getTime());
  if (Array.isArray(value)) return javaObject('java.util.ArrayList', value);
  if (types.isMap(value)) return javaObject('java.util.LinkedHashMap', value);
  return typed('Json', value instanceof SpinJson ? value.toJson() : (stringifyJson(toJson(value)) ?? 'null'));
}

/**
 * The JSON form of an expression's value: typed numbers, dates, nodes and Maps at any depth. Values of scripts come
 * from another realm, so `instanceof` does not work for them.
 */
function toJson(value: unknown): unknown {
  if (isElNumber(value)) return numberValueOf(value);
  if (value instanceof SpinJson) return value.json;
  if (value instanceof ElObject)
    throw new ProcessEngineError(`An object of class ${value.elClassName} cannot be stored in a variable`);
  if (types.isDate(value) || value === null || typeof value !== 'object') return value ?? null;
  if (Array.isArray(value)) return value.map(toJson);
  const entries = types.isMap(value) ? [...value.entries()] : Object.entries(value);
  // fromEntries defines own properties: the key `__proto__` is an ordinary key.
  return Object.fromEntries(entries.map(([key, item]) => [String(key), toJson(item)]));
}

function javaObject(objectTypeName: string, value: unknown): TypedValue {
  return {
    type: 'Object',
    value: stringifyJson(toJson(value)) ?? 'null',
    valueInfo: { objectTypeName, serializationDataFormat: 'application/json' },
  };
}

function typed(type: TypedValue['type'], value: TypedValue['value']): TypedValue {
  return { type, value, valueInfo: NO_VALUE_INFO };
}
