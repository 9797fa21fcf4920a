/** Names of variable types as in Camunda's responses. */
export type VariableType =
  | 'Boolean'
  | 'Bytes'
  | 'Date'
  | 'Double'
  | 'File'
  | 'Integer'
  | 'Json'
  | 'Long'
  | 'Null'
  | 'Object'
  | 'Short'
  | 'String'
  | 'Xml';

/**
 * One variable value. The caller has checked and normalized it; the engine stores it unchanged.
 *
 * `value` by type: Boolean → boolean; Short, Integer, Long, Double → number;
 * Date → number, epoch milliseconds; String, Json, Xml, Object → string; Bytes, File → base64 string;
 * Null → null. Every type may hold null.
 */
export interface TypedValue {
  readonly type: VariableType;
  readonly value: string | number | boolean | null;
  /** `objectTypeName`, `serializationDataFormat`, `filename`, `mimeType`, `encoding`, `transient`. */
  readonly valueInfo: Readonly<Record<string, unknown>>;
}

/** Variables by name; a Map, so that `__proto__` is an ordinary name. */
export type Variables = ReadonlyMap<string, TypedValue>;
