import { types } from 'node:util';
import { isElNumber, numberValueOf, SpinJson } from '../el/index.js';
import { toExpressionValue, toTypedValue } from './typed-value.converter.js';
import type { TypedValue } from '../state/typed-value.types.js';

/** Spin nodes by the objects that represent them in scripts. */
const NODES = new WeakMap<object, SpinJson>();

/**
 * Converts a variable for scripts: plain numbers, Date as a JS Date, Json as a Spin node with its methods, Java
 * collections as lists and objects with `get` and `size`; everything else as its text.
 */
export function toScriptValue(variable: TypedValue): unknown {
  return wrap(toExpressionValue(variable));
}

/** Converts a script's value to a variable. */
export function fromScriptValue(value: unknown): TypedValue {
  return toTypedValue(unwrap(value));
}

/** The map that `execution.getVariables()` returns. */
export function toScriptMap(variables: ReadonlyMap<string, unknown>): object {
  return collection(Object.fromEntries(variables), variables.size);
}

/** Spin's `S(text)`. */
export function parseSpin(text: unknown): unknown {
  return wrap(SpinJson.parse(String(text)));
}

function wrap(value: unknown): unknown {
  if (isElNumber(value)) return numberValueOf(value);
  if (value instanceof SpinJson) return wrapNode(value);
  if (Array.isArray(value)) return collection(value.map(wrap), value.length);
  if (typeof value !== 'object' || value === null || types.isDate(value)) return value;
  const entries = value instanceof Map ? [...value.entries()] : Object.entries(value);
  return collection(
    Object.fromEntries(entries.map(([key, item]) => [String(key), wrap(item)])),
    entries.length,
  );
}

/** Adds the methods of Java's collections as non-enumerable members. */
function collection<T extends object>(value: T, size: number): T {
  const methods = {
    size: () => size,
    isEmpty: () => size === 0,
    get: (key: string | number) =>
      Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : null,
  };
  for (const [name, method] of Object.entries(methods))
    if (!Object.hasOwn(value, name)) Object.defineProperty(value, name, { value: method });
  return value;
}

function wrapNode(node: SpinJson): object {
  const stand = new Proxy(Object.freeze({}), {
    get: (_target, name) => {
      if (typeof name !== 'string' || name === 'then') return undefined;
      if (name === 'toJSON') return () => node.json;
      return (...args: unknown[]) => wrap(node.elMethod(name, args.map(unwrap)));
    },
  });
  NODES.set(stand, node);
  return stand;
}

function unwrap(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (NODES.get(value) ?? value) : value;
}
