import { jsonFormFault, parseJson } from '../../../common/json/index.js';
import type { TypedValue, Variables } from '../../state/typed-value.types.js';
import { formatDate } from '../http/date.format.js';
import { isTooDeep } from '../http/json.depth.js';
import { boolean, optional, type JsonRecord } from '../http/json.reader.js';

/** A variable in a response. */
export interface WrittenVariable {
  readonly type: string;
  readonly value: unknown;
  readonly valueInfo: TypedValue['valueInfo'];
}

/** How to write variables. */
export interface WriteOptions {
  /** Writes Objects as JSON instead of as text. */
  readonly deserialized?: boolean;
  /** Omits the content of Bytes, as lists in Camunda do. */
  readonly listed?: boolean;
}

/**
 * Reads `deserializeValues` of a list or `deserializeValue` of one variable; true if it is absent.
 *
 * @throws RestError 400
 */
export function isDeserialized(query: JsonRecord, name: 'deserializeValue' | 'deserializeValues'): boolean {
  return optional(query, name, boolean) ?? true;
}

/** Variables by name for a response. */
export function writeVariables(
  variables: Variables,
  options: WriteOptions = {},
): Record<string, WrittenVariable> {
  return Object.fromEntries([...variables].map(([name, value]) => [name, writeVariable(value, options)]));
}

/**
 * `{type, value, valueInfo}`, without the content of a File. Json and Xml are always texts; Camunda shows the properties
 * of a Java object instead, which do not contain the content.
 */
export function writeVariable(variable: TypedValue, options: WriteOptions = {}): WrittenVariable {
  return { type: variable.type, value: writeValue(variable, options), valueInfo: variable.valueInfo };
}

function writeValue(
  { type, value, valueInfo }: TypedValue,
  { deserialized = false, listed = false }: WriteOptions,
): unknown {
  if (type === 'File' || (type === 'Bytes' && listed)) return null;
  if (type === 'Date' && typeof value === 'number') return formatDate(value);
  // JSON has no NaN and Infinity; Jackson writes them as Java texts.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const isJson = type === 'Object' && valueInfo.serializationDataFormat === 'application/json';
  return deserialized && isJson && typeof value === 'string' ? parsed(value) : value;
}

/** Returns the text itself if it is not JSON, nests too deep, or would lose digits. */
function parsed(text: string): unknown {
  if (isTooDeep(text)) return text;
  try {
    const value = parseJson(text);
    return jsonFormFault(value) === null ? value : text;
  } catch {
    return text;
  }
}
