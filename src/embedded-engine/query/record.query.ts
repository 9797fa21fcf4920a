import type { TypedValue } from '../state/typed-value.types.js';
import type { Page, VariableFilter } from './query.types.js';

export function isOneOf(value: string | null, wanted: readonly string[]): boolean {
  return value !== null && wanted.includes(value);
}

/** Decides one filter: the value asked for against a record. */
export type FilterRule<R, V> = (record: R, wanted: V) => boolean;

/** A rule for each filter of a query. */
export type FilterRules<R, Q> = {
  readonly [K in Exclude<keyof Q, keyof Page<string>>]-?: FilterRule<R, NonNullable<Q[K]>>;
};

/** What records are sorted by; null sorts first, as in the databases that Camunda is tested on. */
export type SortKeys<R, Key extends string> = Readonly<Record<Key, (record: R) => string | number | null>>;

/** The records that pass every filter of a query that is there. */
export function filterRecords<R, Q extends object>(
  records: Iterable<R>,
  query: Q,
  rules: FilterRules<R, Q>,
): R[] {
  const given = Object.entries(query).flatMap(([name, wanted]) => {
    if (wanted === undefined || !Object.hasOwn(rules, name)) return [];
    const rule = rules[name as keyof typeof rules] as FilterRule<R, unknown>;
    return [(record: R) => rule(record, wanted)];
  });
  const found: R[] = [];
  for (const record of records) {
    if (given.every((passes) => passes(record))) found.push(record);
  }
  return found;
}

/** Sorts and cuts what a query found. */
export function pageOf<R, Key extends string>(records: R[], query: Page<Key>, keys: SortKeys<R, Key>): R[] {
  const { sorting, firstResult = 0, maxResults } = query;
  if (sorting !== undefined && sorting.length > 0) {
    records.sort((a, b) => {
      for (const { sortBy, sortOrder } of sorting) {
        const order = compare(keys[sortBy](a), keys[sortBy](b));
        if (order !== 0) return sortOrder === 'asc' ? order : -order;
      }
      return 0;
    });
  }
  return records.slice(firstResult, maxResults === undefined ? undefined : firstResult + maxResults);
}

function compare(a: string | number | null, b: string | number | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  return a < b ? -1 : 1;
}

/** SQL LIKE: `%` any text, `_` one character, `\` takes the next as it is. Linear in memory, never exponential. */
export function isLike(text: string | null, pattern: string): boolean {
  if (text === null) return false;
  const parts = likeParts(pattern);
  let part = 0;
  let at = 0;
  // Where to go on when what follows the last % does not fit: that % takes one character more.
  let retryPart = -1;
  let retryAt = 0;
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted === ANY_TEXT) {
      retryPart = part += 1;
      retryAt = at;
    } else if (wanted === ANY_CHARACTER || wanted === text.charAt(at)) {
      part += 1;
      at += 1;
    } else if (retryPart >= 0) {
      part = retryPart;
      at = retryAt += 1;
    } else {
      return false;
    }
  }
  return parts.slice(part).every((rest) => rest === ANY_TEXT);
}

const ANY_TEXT = Symbol('%');

const ANY_CHARACTER = Symbol('_');

function likeParts(pattern: string): readonly (string | symbol)[] {
  const parts: (string | symbol)[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern.charAt(at);
    if (char === '\\' && at + 1 < pattern.length) parts.push(pattern.charAt(++at));
    else parts.push(char === '%' ? ANY_TEXT : char === '_' ? ANY_CHARACTER : char);
  }
  return parts;
}

/** Whether variables pass a filter; a variable that is not there passes none. */
export function matchesVariable(variables: ReadonlyMap<string, TypedValue>, filter: VariableFilter): boolean {
  const variable = variables.get(filter.name);
  if (variable === undefined) return false;
  const { value } = variable;
  const wanted = filter.value;
  switch (filter.operator) {
    case 'eq':
      return value === wanted;
    case 'neq':
      return value !== wanted;
    case 'like':
    case 'notLike':
      return (
        typeof value === 'string' &&
        typeof wanted === 'string' &&
        isLike(value, wanted) === (filter.operator === 'like')
      );
    case 'gt':
    case 'gteq':
    case 'lt':
    case 'lteq':
      return isOrdered(value, wanted, filter.operator);
  }
}

function isOrdered(
  value: TypedValue['value'],
  wanted: unknown,
  operator: 'gt' | 'gteq' | 'lt' | 'lteq',
): boolean {
  const comparable =
    (typeof value === 'number' && typeof wanted === 'number') ||
    (typeof value === 'string' && typeof wanted === 'string');
  if (!comparable) return false;
  const order = compare(value, wanted);
  if (operator === 'gt') return order > 0;
  if (operator === 'gteq') return order >= 0;
  return operator === 'lt' ? order < 0 : order <= 0;
}
