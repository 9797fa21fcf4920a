import type { Filter, Page, Sorting, VariableFilter } from '../core/engine-api.types.js';
import { parseDate } from './date.format.js';
import {
  boolean,
  integer,
  isRecord,
  list,
  shown,
  text,
  type JsonRecord,
  type MemberReader,
} from './json.reader.js';
import { invalidRequest } from './rest.error.js';
import { readPlainValue } from './variable.mapper.js';

/** A filter that only says yes: `false` is as if it were absent. */
export const flag: MemberReader<true | undefined> = (value, name) =>
  boolean(value, name) ? true : undefined;

/** Epoch milliseconds. */
export const date: MemberReader<number> = (value, name) => {
  const epochMs = typeof value === 'string' ? parseDate(restorePlus(value)) : null;
  if (epochMs === null)
    throw invalidRequest(`Cannot set query parameter '${name}' to value '${shown(value)}'`);
  return epochMs;
};

/** In a query string an unescaped `+` of an offset arrives as a blank. */
function restorePlus(value: string): string {
  return value.replace(' ', '+');
}

const OPERATORS = [
  'eq',
  'neq',
  'gt',
  'gteq',
  'lt',
  'lteq',
  'like',
  'notLike',
] as const satisfies readonly VariableFilter['operator'][];

function operatorOf(name: unknown): VariableFilter['operator'] {
  const operator = OPERATORS.find((one) => one === name);
  if (operator === undefined)
    throw invalidRequest(`Invalid variable comparator specified: ${shown(name ?? null)}`);
  return operator;
}

/** `name_operator_value,…` of a query string, or `[{name, operator, value}]` of a body. */
export const variableFilters: MemberReader<readonly VariableFilter[]> = (value, name) => {
  if (!Array.isArray(value)) return list(value, name).map(readVariableExpression);
  return value.map((item: unknown) => {
    if (!isRecord(item)) throw invalidRequest(`Cannot set query parameter '${name}': an item is no object`);
    return {
      name: text(item.name ?? '', 'name'),
      operator: operatorOf(item.operator),
      value: readPlainValue(item.value ?? null),
    };
  });
};

function readVariableExpression(expression: string): VariableFilter {
  const [name, operator, value, ...rest] = expression.split('_');
  if (name === undefined || value === undefined || rest.length > 0) {
    throw invalidRequest('variable query parameter has to have format KEY_OPERATOR_VALUE.');
  }
  return { name, operator: operatorOf(operator), value: readQueryValue(value) };
}

/** A value in a query string has no type: what reads as a number or Boolean is taken as one, as Camunda does. */
function readQueryValue(value: string): unknown {
  if (value === 'true' || value === 'false') return value === 'true';
  if (/^[+-]?\d+(\.\d+)?$/.test(value)) return Number(value);
  return readPlainValue(value);
}

/** One reader for each filter of a query; the compiler sees to it that none is forgotten. */
export type FilterTable<Q> = {
  readonly [K in Exclude<keyof Q, keyof Page<string>>]-?: MemberReader<Q[K]>;
};

/** Reads the filters that a table names; everything else is ignored, as Camunda ignores it. */
export function readFilters<Q extends Filter<object>>(
  table: FilterTable<Q>,
  raw: JsonRecord,
): Omit<Q, keyof Page<string>> {
  const readers = Object.entries<MemberReader<unknown>>(table);
  const filters: [string, unknown][] = [];
  for (const [name, reader] of readers) {
    const value = Object.hasOwn(raw, name) ? raw[name] : undefined;
    if (value !== undefined && value !== null) filters.push([name, reader(value, name)]);
  }
  return Object.fromEntries(filters) as Omit<Q, keyof Page<string>>;
}

/**
 * Paging and order. Paging stands in the query string in any case, the order in the body of a POST.
 *
 * @param keys what may be sorted by
 */
export function readPage<Key extends string>(
  keys: readonly Key[],
  query: JsonRecord,
  body: JsonRecord,
): Page<Key> {
  const firstResult = query.firstResult;
  const maxResults = query.maxResults;
  return {
    firstResult: firstResult === undefined ? undefined : integer(firstResult, 'firstResult'),
    maxResults: maxResults === undefined ? undefined : integer(maxResults, 'maxResults'),
    sorting: [...readSorting(keys, query), ...readSortingList(keys, body.sorting)],
  };
}

function readSortingList<Key extends string>(keys: readonly Key[], raw: unknown): readonly Sorting<Key>[] {
  if (raw === undefined || raw === null) return [];
  if (!Array.isArray(raw)) throw invalidRequest('sorting must be a list of {sortBy, sortOrder}');
  return raw.flatMap((item: unknown) => readSorting(keys, isRecord(item) ? item : {}));
}

function readSorting<Key extends string>(keys: readonly Key[], raw: JsonRecord): readonly Sorting<Key>[] {
  const { sortBy = null, sortOrder = null } = raw;
  if (sortBy === null && sortOrder === null) return [];
  if (sortBy === null || sortOrder === null) {
    throw invalidRequest('Only a single sorting parameter specified. sortBy and sortOrder required');
  }
  const key = keys.find((one) => one === sortBy);
  if (key === undefined)
    throw invalidRequest(`Cannot set query parameter 'sortBy' to value '${text(sortBy, 'sortBy')}'`);
  if (sortOrder !== 'asc' && sortOrder !== 'desc') {
    throw invalidRequest(`Cannot set query parameter 'sortOrder' to value '${text(sortOrder, 'sortOrder')}'`);
  }
  return [{ sortBy: key, sortOrder }];
}
