import { jsonFormFault, parseJson } from '../../../common/json/index.js';
import type { TypedValue, Variables } from '../../state/typed-value.types.js';
import { formatDate } from '../http/date.format.js';
import { isTooDeep } from '../http/json.depth.js';
import { boolean, optional, type JsonRecord } from '../http/json.reader.js';

/** A variable as responses show it. */
export interface WrittenVariable {
  readonly type: string;
  readonly value: unknown;
  readonly valueInfo: TypedValue['valueInfo'];
}

/** What a reader asks for. */
export interface WriteOptions {
  /** Objects as JSON instead of as the text that they came as. */
  readonly deserialized?: boolean;
  /** Without the content of Bytes, as Camunda lists variables. */
  readonly listed?: boolean;
}

/**
 * What `deserializeValues` of a list, or `deserializeValue` of one variable, says; true where it is absent.
 *
 * @throws RestError 400
 */
export function isDeserialized(query: JsonRecord, name: 'deserializeValue' | 'deserializeValues'): boolean {
  return optional(query, name, boolean) ?? true;
}

/** Variables as responses show them. */
export function writeVariables(
  variables: Variables,
  options: WriteOptions = {},
): Record<string, WrittenVariable> {
  return Object.fromEntries([...variables].map(([name, value]) => [name, writeVariable(value, options)]));
}

/**
 * `{type, value, valueInfo}`. The content of a File is never shown. Json and Xml are texts in any case: what Camunda
 * shows instead are the properties of a Java object, which say nothing of the content.
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
  // JSON has no such numbers; Jackson writes their Java texts.
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  const isJson = type === 'Object' && valueInfo.serializationDataFormat === 'application/json';
  return deserialized && isJson && typeof value === 'string' ? parsed(value) : value;
}

/** A text that is no JSON, nests too deep to be written again, or would lose digits, is shown as it is. */
function parsed(text: string): unknown {
  if (isTooDeep(text)) return text;
  try {
    const value = parseJson(text);
    return jsonFormFault(value) === null ? value : text;
  } catch {
    return text;
  }
}
