/**
 * Paths of values to hide (`REDACT_PATHS`): names separated by dots, `*` for any name. A path matches at any depth, and
 * the items of a list add nothing to it: `orders.iban` hides `iban` of each order, wherever `orders` is.
 */
export class RedactedPaths {
  /** Paths of one name. */
  readonly names: ReadonlySet<string>;
  /** Paths of several names, the last name first. */
  private readonly paths: readonly (readonly string[])[];

  constructor(paths: readonly string[]) {
    const split = paths.map((path) => path.split('.'));
    this.names = new Set(split.flatMap((names) => (names.length === 1 ? names : [])));
    this.paths = split.filter(({ length }) => length > 1).map((names) => names.toReversed());
  }

  /** True if the parents of a value have to be known. */
  get needParents(): boolean {
    return this.paths.length > 0;
  }

  /** @param parents names of the objects around the value, the outermost first */
  match(parents: readonly string[], name: string): boolean {
    return this.paths.some(([last, ...before]) => {
      if (last !== '*' && last !== name) return false;
      if (before.length > parents.length) return false;
      return before.every((each, index) => each === '*' || each === parents[parents.length - 1 - index]);
    });
  }
}

/** True for a path that {@link RedactedPaths} takes: names without white space, and not only `*`. */
export function isRedactedPath(path: string): boolean {
  const names = path.split('.');
  return names.every((name) => name !== '' && !/[\s[\]]/.test(name)) && names.some((name) => name !== '*');
}
