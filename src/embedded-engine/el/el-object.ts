import { UnresolvedMethodError, UnresolvedNameError } from './expression.errors.js';
import { isElNumber, numberTypeOf } from './typed-number.js';

/**
 * A host object that an expression may use: the only kind whose methods can be called, besides a short list on
 * strings, numbers, dates, lists and maps. A subclass answers by name, so nothing of its prototype is in reach.
 */
export abstract class ElObject {
  /** The Java class name that messages show. */
  abstract readonly elClassName: string;

  /** The value of a bean property. @throws UnresolvedNameError */
  elProperty(name: string): unknown {
    return refuseProperty(this, name);
  }

  /** Calls a method. @throws UnresolvedMethodError for one that is not there */
  elMethod(name: string, args: readonly unknown[]): unknown {
    return refuseMethod(this, name, args);
  }

  /** The text that a template or a comparison with a string sees. */
  abstract toString(): string;
}

/** The Java class that messages name for a value; lists and maps are those that Jackson makes of JSON. */
export function classNameOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof ElObject) return value.elClassName;
  if (typeof value === 'string') return 'java.lang.String';
  if (typeof value === 'boolean') return 'java.lang.Boolean';
  if (isElNumber(value)) return `java.lang.${numberTypeOf(value)}`;
  if (value instanceof Date) return 'java.util.Date';
  return Array.isArray(value) ? 'java.util.ArrayList' : 'java.util.LinkedHashMap';
}

/** Says that a value has no such property. @throws UnresolvedNameError always */
export function refuseProperty(base: unknown, name: string): never {
  throw new UnresolvedNameError(`The class '${classNameOf(base)}' does not have the property '${name}'.`);
}

/** Says that a value has no such method. @throws UnresolvedMethodError always */
export function refuseMethod(base: unknown, name: string, args: readonly unknown[]): never {
  const classes = args.map(classNameOf).join(', ');
  throw new UnresolvedMethodError(`Method not found: class ${classNameOf(base)}.${name}(${classes})`);
}
