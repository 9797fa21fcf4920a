import { types } from 'node:util';

/** A place at which a value has no JSON form. */
export interface JsonFormFault {
  /** Path inside the value, `items.0.price`; empty for the value itself. */
  readonly path: string;
  readonly reason: string;
}

export interface JsonFormOptions {
  /** True if a `bigint` is allowed, because `stringifyJson` will write the value. */
  readonly bigints?: boolean;
}

/** Deeper than any intended value, and far less than a recursive reader can handle. */
const MAX_DEPTH = 1_000;

/**
 * Finds the first part of a value that `JSON.stringify` would silently change or omit; null if there is none.
 *
 * Allowed are strings, booleans, null, finite numbers (integers up to ±(2^53 − 1)), arrays, plain objects, valid dates and
 * objects with `toJSON`; undefined members are ignored. Maps, sets, errors, binary data, other class instances,
 * functions, symbols, bigints, NaN, infinities and cycles are faults.
 */
export function jsonFormFault(value: unknown, options: JsonFormOptions = {}): JsonFormFault | null {
  const fault = faultOf('', value, [], options);
  return fault === null ? null : { path: fault.path.reverse().join('.'), reason: fault.reason };
}

/** True for an object literal of any realm; false for an instance of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Describes the kind of a value in messages: `a Map`, `an instance of Order`, `a function`. */
export function describeKind(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return value === undefined ? 'undefined' : `a ${typeof value}`;
  if (types.isMap(value)) return 'a Map';
  if (types.isSet(value)) return 'a Set';
  if (types.isPromise(value)) return 'a promise that is not awaited';
  if (types.isNativeError(value)) return 'an Error';
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return 'binary data';
  if (Array.isArray(value)) return 'a list';
  const { constructor } = Object.getPrototypeOf(value) as {
    readonly constructor?: { readonly name?: string };
  };
  const name = constructor?.name ?? '';
  return `an instance of ${name === '' ? 'a class' : name}`;
}

interface Found {
  /** Names from the innermost to the outermost. */
  readonly path: string[];
  readonly reason: string;
}

function faultOf(key: string, value: unknown, above: object[], options: JsonFormOptions): Found | null {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return null;
    case 'number':
      return numberFault(value);
    case 'bigint':
      return options.bigints === true ? null : found('it is a bigint, which JSON does not have: use a text');
    case 'object':
      return value === null ? null : objectFault(key, value, above, options);
    default:
      return found(`it is ${describeKind(value)}, which JSON does not have`);
  }
}

function numberFault(value: number): Found | null {
  if (!Number.isFinite(value)) return found(`it is ${value}, which JSON does not have`);
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return found('it is an integer beyond ±(2^53 − 1), which may have lost digits: use a text');
  return null;
}

function objectFault(key: string, value: object, above: object[], options: JsonFormOptions): Found | null {
  if (above.includes(value)) return found('it contains itself');
  if (above.length >= MAX_DEPTH) return found(`it is nested deeper than ${MAX_DEPTH}`);
  if (types.isDate(value)) return Number.isNaN(value.getTime()) ? found('it is an invalid date') : null;
  above.push(value);
  try {
    if (Array.isArray(value)) return itemsFault(value, above, options);
    if (isPlainObject(value) && !hasOwnForm(value)) return membersFault(value, above, options);
    if (hasOwnForm(value) && !ArrayBuffer.isView(value)) {
      const form = value.toJSON(key);
      return form === undefined ? found('its toJSON returns nothing') : faultOf(key, form, above, options);
    }
    return found(`it is ${describeKind(value)}, which has no JSON form: return a plain value made from it`);
  } finally {
    above.pop();
  }
}

function hasOwnForm(value: object): value is { toJSON(key: string): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

function itemsFault(items: readonly unknown[], above: object[], options: JsonFormOptions): Found | null {
  for (const [index, item] of items.entries()) {
    const fault =
      item === undefined
        ? found('it is undefined, which a JSON list cannot hold: use null')
        : faultOf(String(index), item, above, options);
    if (fault !== null) return below(index, fault);
  }
  return null;
}

function membersFault(
  value: Readonly<Record<string, unknown>>,
  above: object[],
  options: JsonFormOptions,
): Found | null {
  for (const name of Object.keys(value)) {
    const fault = faultOf(name, value[name], above, options);
    if (fault !== null) return below(name, fault);
  }
  return null;
}

function found(reason: string): Found {
  return { path: [], reason };
}

function below(part: string | number, fault: Found): Found {
  fault.path.push(String(part));
  return fault;
}
