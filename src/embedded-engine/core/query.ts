import type { Page, VariableFilter } from './engine-api.types.js';
import type { TypedValue } from './typed-value.types.js';

/** Whether `text` fits an SQL LIKE pattern: `%` any text, `_` one character, `\` escapes. */
export function isLike(text: string | null, pattern: string): boolean {
  if (text === null) return false;
  const source = pattern.replaceAll(/\\?[\s\S]/g, (token) => {
    if (token === '%') return '[\\s\\S]*';
    if (token === '_') return '[\\s\\S]';
    return (token.length > 1 ? token.slice(1) : token).replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  });
  return new RegExp(`^${source}$`, 'u').test(text);
}

/** A filter that is absent lets everything pass; one that is there must hold. */
export function passes<T>(filter: T | undefined, holds: (value: T) => boolean): boolean {
  return filter === undefined || holds(filter);
}

export function isOneOf<T>(value: T, filter: readonly T[] | undefined): boolean {
  return filter === undefined || filter.includes(value);
}

export function isEqual<T>(value: T, filter: T | undefined): boolean {
  return filter === undefined || value === filter;
}

/** Whether the variables fit all comparisons; a missing variable fits none but `neq` and `notLike` do not hold either. */
export function fitsVariables(
  variables: ReadonlyMap<string, TypedValue>,
  filters: readonly VariableFilter[] | undefined,
): boolean {
  return (filters ?? []).every((filter) => {
    const variable = variables.get(filter.name);
    return variable !== undefined && COMPARISONS[filter.operator](variable.value, filter.value);
  });
}

type Comparison = (left: TypedValue['value'], right: unknown) => boolean;

const COMPARISONS: Readonly<Record<VariableFilter['operator'], Comparison>> = {
  eq: (left, right) => left === right,
  neq: (left, right) => left !== right,
  gt: (left, right) => compare(left, right) > 0,
  gteq: (left, right) => compare(left, right) >= 0,
  lt: (left, right) => compare(left, right) < 0,
  lteq: (left, right) => compare(left, right) <= 0,
  like: (left, right) => isText(left) && isText(right) && isLike(left, right),
  notLike: (left, right) => isText(left) && isText(right) && !isLike(left, right),
};

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Order of two values of one type: nulls first; NaN for values that have no order. */
function compare(left: unknown, right: unknown): number {
  if (left === right) return 0;
  if (left === null) return -1;
  if (right === null) return 1;
  const isOrdered = typeof left === typeof right && (typeof left === 'string' || typeof left === 'number');
  if (!isOrdered)
    return typeof left === 'boolean' && typeof right === 'boolean' ? Number(left) - Number(right) : NaN;
  return (left as string | number) < (right as string | number) ? -1 : 1;
}

/** What one `sortBy` looks at. */
export type SortKeys<T, Key extends string> = Readonly<Record<Key, (record: T) => string | number | null>>;

/** Sorts (stable, nulls first) and cuts out the page. */
export function pageOf<T, Key extends string>(
  records: Iterable<T>,
  page: Page<Key>,
  keys: SortKeys<T, Key>,
): readonly T[] {
  const sorting = page.sorting ?? [];
  const all = [...records];
  if (sorting.length > 0) {
    all.sort((left, right) => {
      for (const { sortBy, sortOrder } of sorting) {
        const order = compare(keys[sortBy](left), keys[sortBy](right));
        if (order !== 0) return sortOrder === 'asc' ? order : -order;
      }
      return 0;
    });
  }
  const first = page.firstResult ?? 0;
  return all.slice(first, page.maxResults === undefined ? undefined : first + page.maxResults);
}
