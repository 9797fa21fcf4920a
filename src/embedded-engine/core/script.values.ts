import { types } from 'node:util';
import { isElNumber, numberValueOf, SpinJson } from '../el/index.js';
import { toExpressionValue, toTypedValue } from './typed-value.converter.js';
import type { TypedValue } from '../state/typed-value.types.js';

/** Spin nodes that scripts hold, by what stands for them. */
const NODES = new WeakMap<object, SpinJson>();

/**
 * A variable as scripts see it: numbers plain, Date as a JS Date, Json as a Spin node with its methods, Java's
 * collections as lists and objects with `get` and `size`; everything else as its text.
 */
export function toScriptValue(variable: TypedValue): unknown {
  return wrap(toExpressionValue(variable));
}

/** What a script gave, as a variable. */
export function fromScriptValue(value: unknown): TypedValue {
  return toTypedValue(unwrap(value));
}

/** Variables by name as `execution.getVariables()` gives them. */
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

/** Adds the methods of Java's collections, which do not show when a script goes through its members. */
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
