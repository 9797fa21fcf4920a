import { UnresolvedNameError } from './expression.errors.js';

/**
 * A host object that an expression may use: the only kind whose methods can be called, besides a short list on
 * strings, numbers, dates, lists and maps. A subclass answers by name, so nothing of its prototype is in reach.
 */
export abstract class ElObject {
  /** The Java class name that messages show. */
  abstract readonly elClassName: string;

  /** The value of a bean property. @throws UnresolvedNameError */
  elProperty(name: string): unknown {
    throw new UnresolvedNameError(`Could not find property ${name} in class ${this.elClassName}`);
  }

  /** Calls a method. @throws UnresolvedNameError for one that is not there */
  elMethod(name: string, args: readonly unknown[]): unknown {
    throw new UnresolvedNameError(
      `Could not find method ${name} with ${args.length} argument(s) in class ${this.elClassName}`,
    );
  }

  /** The text that a template or a comparison with a string sees. */
  abstract toString(): string;
}
