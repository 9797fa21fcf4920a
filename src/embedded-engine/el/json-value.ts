/** Any JSON value; an integer beyond ±(2^53 − 1) is a `bigint`. */
export type JsonValue = string | number | bigint | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export function isJsonObject(json: JsonValue): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

export function isJsonArray(json: JsonValue): json is readonly JsonValue[] {
  return Array.isArray(json);
}

export function isJsonScalar(json: JsonValue): json is string | number | bigint | boolean | null {
  return typeof json !== 'object' || json === null;
}

/** Reads own members only: `{}` has no `constructor`. */
export function jsonMember(json: JsonValue, name: string): JsonValue | undefined {
  return isJsonObject(json) && Object.hasOwn(json, name) ? json[name] : undefined;
}

/** The kind of a node, with the names of Jackson's JsonNodeType. */
export function jsonNodeType(json: JsonValue): string {
  if (json === null) return 'NULL';
  if (isJsonArray(json)) return 'ARRAY';
  return typeof json === 'bigint' ? 'NUMBER' : (typeof json).toUpperCase();
}
