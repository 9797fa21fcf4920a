import { UnresolvedMethodError, UnresolvedNameError } from './expression.errors.js';
import { isElNumber, numberTypeOf } from './typed-number.js';

/**
 * A host object for expressions: the only kind whose methods can be called, besides a short list on strings, numbers,
 * dates, lists and maps. Subclasses resolve members by name, so their prototypes are not accessible.
 */
export abstract class ElObject {
  /** The Java class name in error messages. */
  abstract readonly elClassName: string;

  /** The value of a bean property. @throws UnresolvedNameError */
  elProperty(name: string): unknown {
    return refuseProperty(this, name);
  }

  /** Calls a method. @throws UnresolvedMethodError for an unknown method */
  elMethod(name: string, args: readonly unknown[]): unknown {
    return refuseMethod(this, name, args);
  }

  /** The text in templates and in comparisons with a string. */
  abstract toString(): string;
}

/** The Java class name of a value in error messages; for lists and maps the classes that Jackson creates from JSON. */
export function classNameOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (value instanceof ElObject) return value.elClassName;
  if (typeof value === 'string') return 'java.lang.String';
  if (typeof value === 'boolean') return 'java.lang.Boolean';
  if (isElNumber(value)) return `java.lang.${numberTypeOf(value)}`;
  if (value instanceof Date) return 'java.util.Date';
  return Array.isArray(value) ? 'java.util.ArrayList' : 'java.util.LinkedHashMap';
}

/** Throws the error for an unknown property. @throws UnresolvedNameError always */
export function refuseProperty(base: unknown, name: string): never {
  throw new UnresolvedNameError(`The class '${classNameOf(base)}' does not have the property '${name}'.`);
}

/** Throws the error for an unknown method. @throws UnresolvedMethodError always */
export function refuseMethod(base: unknown, name: string, args: readonly unknown[]): never {
  const classes = args.map(classNameOf).join(', ');
  throw new UnresolvedMethodError(`Method not found: class ${classNameOf(base)}.${name}(${classes})`);
}
