/**
 * Properties, indexes and methods of values. Only own members of plain data are accessible, and only the methods listed
 * here and those of an {@link ElObject}: an expression never reaches a prototype.
 */
import { toLong, toText } from './coercion.js';
import { classNameOf, ElObject, refuseMethod, refuseProperty } from './el-object.js';
import { CoercionError, MethodFailure, UnresolvedNameError } from './expression.errors.js';
import { compare, isEmpty } from './operators.js';
import { asDouble, asLong, isElNumber, numberValueOf } from './typed-number.js';

function isMapLike(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !isElNumber(value)
  );
}

/**
 * Evaluates `base.property` and `base[property]`. A null base or property, and a missing key of a map, result in null.
 */
export function readMember(base: unknown, property: unknown): unknown {
  if (base === null || base === undefined || property === null || property === undefined) return null;
  if (Array.isArray(base)) return readElement(base, property);
  if (base instanceof ElObject) return base.elProperty(toText(property));
  if (base instanceof Map) return readKey(base, property);
  if (isMapLike(base)) return readOwn(base, toText(property));
  if (base instanceof Date && property === 'time') return asLong(base.getTime());
  if (typeof base === 'string' && property === 'empty') return base === '';
  return refuseProperty(base, toText(property));
}

/** Rejects any text except a Java int, so that only elements are accessible. A missing index results in null. */
function readElement(list: readonly unknown[], property: unknown): unknown {
  if (typeof property === 'string' && !isIntText(property)) {
    throw new CoercionError(`For input string: "${property}"`);
  }
  return list[toLong(property)] ?? null;
}

function isIntText(text: string): boolean {
  return /^[+-]?\d+$/.test(text) && Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31;
}

function readKey(map: ReadonlyMap<unknown, unknown>, key: unknown): unknown {
  return map.get(key) ?? map.get(isElNumber(key) ? numberValueOf(key) : key) ?? null;
}

function readOwn(base: object, name: string): unknown {
  return Object.hasOwn(base, name) ? ((base as Readonly<Record<string, unknown>>)[name] ?? null) : null;
}

/** Rejects a method call on null. @throws UnresolvedNameError */
export function requireTarget(base: unknown, description: string): void {
  if (base === null || base === undefined) {
    throw new UnresolvedNameError(`Target unreachable, base expression '${description}' resolved to null`);
  }
}

/** Calls `base.name(args)`. @throws UnresolvedMethodError for any method that is not listed */
export function callMethod(base: unknown, name: string, args: readonly unknown[]): unknown {
  if (base instanceof ElObject) return base.elMethod(name, args);
  const signature = `${name}/${args.length}`;
  const method = methodsOf(base)?.get(signature) ?? COMMON_METHODS.get(signature);
  return method === undefined ? refuseMethod(base, name, args) : method(base as never, args);
}

function methodsOf(base: unknown): ReadonlyMap<string, Method<never>> | null {
  if (typeof base === 'string') return STRING_METHODS;
  if (typeof base === 'boolean') return BOOLEAN_METHODS;
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
]);

const BOOLEAN_METHODS: Methods<boolean> = new Map<string, Method<boolean>>([
  ['booleanValue/0', (base) => base],
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
  ['charAt/1', (base, [at]) => charAt(base, toLong(at))],
  ['toUpperCase/0', (base) => base.toUpperCase()],
  ['toLowerCase/0', (base) => base.toLowerCase()],
  ['trim/0', (base) => base.trim()],
  ['strip/0', (base) => base.trim()],
  ['repeat/1', (base, [count]) => repeat(base, toLong(count))],
  ['split/1', (base, [separator]) => split(base, toText(separator))],
  ['concat/1', (base, [part]) => base + toText(part)],
  ['replace/2', (base, [from, to]) => base.replaceAll(toText(from), () => toText(to))],
  ['compareTo/1', (base, [other]) => compareTo(base, toText(other))],
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
  return map instanceof Map ? [...map.keys()] : Object.keys(map);
}

function substring(text: string, from: number, to: number): string {
  if (from < 0 || to > text.length || from > to) {
    refuseIndex('StringIndexOutOfBounds', `begin ${from}, end ${to}, length ${text.length}`);
  }
  return text.slice(from, to);
}

function charAt(text: string, at: number): string {
  if (at < 0 || at >= text.length) {
    refuseIndex('StringIndexOutOfBounds', `String index out of range: ${at}`);
  }
  return text.charAt(at);
}

/** Compares like Java's String.compareTo: by the first different UTF-16 units, or else by the lengths. */
function compareTo(left: string, right: string): number {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at += 1) {
    const difference = left.charCodeAt(at) - right.charCodeAt(at);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function refuseIndex(exception: 'IndexOutOfBounds' | 'StringIndexOutOfBounds', reason: string): never {
  throw new MethodFailure(`java.lang.${exception}Exception`, reason);
}

/** Maximum length of a text that an expression creates by repetition. */
const MAX_REPEATED = 100_000;

function repeat(text: string, count: number): string {
  if (count < 0) throw new CoercionError(`count is negative: ${count}`);
  if (text.length * count > MAX_REPEATED)
    throw new CoercionError(`A repeated text has at most ${MAX_REPEATED} characters here`);
  return text.repeat(count);
}

/**
 * Splits by a literal text, because a regular expression could block the event loop. Like Java it drops empty texts at
 * the end.
 */
function split(text: string, separator: string): readonly string[] {
  if (/[\\^$.|?*+()[\]{}]/.test(separator))
    throw new CoercionError(`split does not support regular expressions here: ${separator}`);
  const parts = text.split(separator);
  while (parts.length > 1 && parts.at(-1) === '') parts.pop();
  return parts;
}

function elementAt(list: readonly unknown[], index: number): unknown {
  if (index < 0 || index >= list.length) {
    refuseIndex('IndexOutOfBounds', `Index ${index} out of bounds for length ${list.length}`);
  }
  return list[index] ?? null;
}

function positionOf(list: readonly unknown[], wanted: unknown): number {
  return list.findIndex((item) => classNameOf(item) === classNameOf(wanted) && compare('==', item, wanted));
}
