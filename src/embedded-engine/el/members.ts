/**
 * Properties, indexes and methods of values. Only own members of plain data are in reach, and only the methods
 * listed here and those of an {@link ElObject}: an expression never sees a prototype.
 */
import { classNameOf, toLong, toText } from './coercion.js';
import { ElObject } from './el-object.js';
import { CoercionError, UnresolvedNameError } from './expression.errors.js';
import { compare, compareText, isEmpty } from './operators.js';
import { asDouble, asLong, isElNumber, numberValueOf } from './typed-number.js';

/** Names that lead to a prototype; refused whatever the value is. */
const FORBIDDEN: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

function isMapLike(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !isElNumber(value)
  );
}

function refuseForbidden(name: unknown): void {
  if (typeof name === 'string' && FORBIDDEN.has(name)) {
    throw new UnresolvedNameError(`The property ${name} is not accessible`);
  }
}

/** `base.property` and `base[property]`; a null base or property gives null, a missing key of a map too. */
export function readMember(base: unknown, property: unknown): unknown {
  if (base === null || base === undefined || property === null || property === undefined) return null;
  refuseForbidden(property);
  if (Array.isArray(base)) return readElement(base, property);
  if (base instanceof ElObject) return base.elProperty(toText(property));
  if (base instanceof Map) return readKey(base, property);
  if (isMapLike(base)) return readOwn(base, toText(property));
  if (base instanceof Date && property === 'time') return asLong(base.getTime());
  if (base === '' || typeof base === 'string') {
    if (property === 'empty') return base === '';
  }
  throw new UnresolvedNameError(`Could not find property ${toText(property)} in class ${classNameOf(base)}`);
}

function readElement(list: readonly unknown[], index: unknown): unknown {
  return list[toLong(index)] ?? null;
}

function readKey(map: ReadonlyMap<unknown, unknown>, key: unknown): unknown {
  return map.get(key) ?? map.get(isElNumber(key) ? numberValueOf(key) : key) ?? null;
}

function readOwn(base: object, name: string): unknown {
  return Object.hasOwn(base, name) ? ((base as Readonly<Record<string, unknown>>)[name] ?? null) : null;
}

/** `base.name(args)`. @throws UnresolvedNameError for a null base and for every method that is not listed */
export function callMethod(base: unknown, name: string, args: readonly unknown[]): unknown {
  if (base === null || base === undefined) {
    throw new UnresolvedNameError(`Target unreachable, the object before .${name}() is null`);
  }
  refuseForbidden(name);
  if (base instanceof ElObject) return base.elMethod(name, args);
  const signature = `${name}/${args.length}`;
  const method = methodsOf(base)?.get(signature) ?? COMMON_METHODS.get(signature);
  if (method === undefined) {
    throw new UnresolvedNameError(
      `Could not find method ${name} with ${args.length} argument(s) in class ${classNameOf(base)}`,
    );
  }
  return method(base as never, args);
}

function methodsOf(base: unknown): ReadonlyMap<string, Method<never>> | null {
  if (typeof base === 'string') return STRING_METHODS;
  if (isElNumber(base)) return NUMBER_METHODS;
  if (base instanceof Date) return DATE_METHODS;
  if (Array.isArray(base)) return LIST_METHODS;
  return isMapLike(base) ? MAP_METHODS : null;
}

/** By name and number of arguments. */
type Method<T> = (base: T, args: readonly unknown[]) => unknown;
type Methods<T> = ReadonlyMap<string, Method<T>>;

const COMMON_METHODS: Methods<unknown> = new Map<string, Method<unknown>>([
  ['toString/0', (base) => toText(base)],
  ['equals/1', (base, [other]) => classNameOf(base) === classNameOf(other) && compare('==', base, other)],
  ['booleanValue/0', (base) => base === true],
]);

const STRING_METHODS: Methods<string> = new Map<string, Method<string>>([
  ['length/0', (base) => base.length],
  ['isEmpty/0', (base) => base === ''],
  ['isBlank/0', (base) => base.trim() === ''],
  ['equalsIgnoreCase/1', (base, [other]) => base.toLowerCase() === toText(other).toLowerCase()],
  ['contains/1', (base, [part]) => base.includes(toText(part))],
  ['startsWith/1', (base, [part]) => base.startsWith(toText(part))],
  ['endsWith/1', (base, [part]) => base.endsWith(toText(part))],
  ['indexOf/1', (base, [part]) => base.indexOf(toText(part))],
  ['lastIndexOf/1', (base, [part]) => base.lastIndexOf(toText(part))],
  ['substring/1', (base, [from]) => substring(base, toLong(from), base.length)],
  ['substring/2', (base, [from, to]) => substring(base, toLong(from), toLong(to))],
  ['charAt/1', (base, [at]) => substring(base, toLong(at), toLong(at) + 1)],
  ['toUpperCase/0', (base) => base.toUpperCase()],
  ['toLowerCase/0', (base) => base.toLowerCase()],
  ['trim/0', (base) => base.trim()],
  ['concat/1', (base, [part]) => base + toText(part)],
  ['replace/2', (base, [from, to]) => base.replaceAll(toText(from), () => toText(to))],
  ['compareTo/1', (base, [other]) => compareText(base, toText(other))],
]);

const NUMBER_METHODS: Methods<number> = new Map<string, Method<number>>([
  ['intValue/0', (base) => Math.trunc(numberValueOf(base))],
  ['longValue/0', (base) => asLong(Math.trunc(numberValueOf(base)))],
  ['doubleValue/0', (base) => asDouble(numberValueOf(base))],
]);

const DATE_METHODS: Methods<Date> = new Map<string, Method<Date>>([
  ['getTime/0', (base) => asLong(base.getTime())],
  ['before/1', (base, [other]) => compare('<', base, other)],
  ['after/1', (base, [other]) => compare('>', base, other)],
]);

const LIST_METHODS: Methods<readonly unknown[]> = new Map<string, Method<readonly unknown[]>>([
  ['size/0', (base) => base.length],
  ['isEmpty/0', (base) => base.length === 0],
  ['get/1', (base, [index]) => elementAt(base, toLong(index))],
  ['contains/1', (base, [wanted]) => positionOf(base, wanted) >= 0],
  ['indexOf/1', (base, [wanted]) => positionOf(base, wanted)],
]);

const MAP_METHODS: Methods<object> = new Map<string, Method<object>>([
  ['size/0', (base) => keysOf(base).length],
  ['isEmpty/0', (base) => isEmpty(base)],
  ['get/1', (base, [key]) => readMember(base, key)],
  ['containsKey/1', (base, [key]) => positionOf(keysOf(base), key) >= 0],
  ['keySet/0', (base) => keysOf(base)],
  ['values/0', (base) => keysOf(base).map((key) => readMember(base, key))],
]);

function keysOf(map: object): readonly unknown[] {
  const keys = map instanceof Map ? [...map.keys()] : Object.keys(map);
  return keys.filter((key) => typeof key !== 'string' || !FORBIDDEN.has(key));
}

function substring(text: string, from: number, to: number): string {
  if (from < 0 || to > text.length || from > to) {
    throw new CoercionError(`String index out of range: begin ${from}, end ${to}, length ${text.length}`);
  }
  return text.slice(from, to);
}

function elementAt(list: readonly unknown[], index: number): unknown {
  if (index < 0 || index >= list.length) {
    throw new CoercionError(`Index ${index} out of bounds for length ${list.length}`);
  }
  return list[index] ?? null;
}

function positionOf(list: readonly unknown[], wanted: unknown): number {
  return list.findIndex((item) => classNameOf(item) === classNameOf(wanted) && compare('==', item, wanted));
}
