import type { Filter, Page, Sorting, VariableFilter } from '../query/query.types.js';
import { parseDate } from './date.format.js';
import {
  boolean,
  integer,
  isRecord,
  list,
  optional,
  shown,
  text,
  type JsonRecord,
  type MemberReader,
} from './json.reader.js';
import { invalidRequest, RestError } from './rest.error.js';
import { readPlainValue } from './variable.reader.js';

/** A filter that only says yes: `false` is as if it were absent. */
export const flag: MemberReader<true | undefined> = (value, name) =>
  boolean(value, name) ? true : undefined;

/** Epoch milliseconds. */
export const date: MemberReader<number> = (value, name) => {
  const epochMs = typeof value === 'string' ? parseDate(restorePlus(value)) : null;
  if (epochMs === null) {
    const text = shown(value);
    throw invalidRequest(
      `Cannot set query parameter '${name}' to value '${text}': Cannot convert value "${text}" to java type java.util.Date`,
    );
  }
  return epochMs;
};

/**
 * Ids of which an empty list is an error: it would otherwise ask for everything. As a parameter without a value it asks
 * for nothing, as in Camunda.
 */
export const idSet: MemberReader<readonly string[]> = (value, name) => {
  if (value === '') return [''];
  const ids = list(value, name);
  if (ids.length === 0)
    throw new RestError(500, 'ProcessEngineException', 'Set of process instance ids is empty', 0);
  return ids;
};

/** A filter that has no parameter of its own name: the resource makes it of others. */
export const noParameter: MemberReader<undefined> = () => undefined;

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
  if (!Array.isArray(value))
    return list(value, name).map((expression) => readVariableExpression(expression, name));
  return value.map((item: unknown) => {
    if (!isRecord(item)) throw invalidRequest(`Cannot set query parameter '${name}': an item is no object`);
    return {
      name: text(item.name ?? '', 'name'),
      operator: operatorOf(item.operator),
      value: readPlainValue(item.value ?? null),
    };
  });
};

/** A value in a query string is a text or a date, never a number: `n_eq_5` finds the text `5`, as in Camunda. */
function readVariableExpression(expression: string, parameter: string): VariableFilter {
  const [name, operator, value, ...rest] = expression.split('_');
  if (name === undefined || value === undefined || rest.length > 0) {
    throw invalidRequest(
      `Cannot set query parameter '${parameter}' to value '${shown(expression)}': variable query parameter has to have format KEY_OPERATOR_VALUE.`,
    );
  }
  return { name, operator: operatorOf(operator), value: readPlainValue(value) };
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
    if (value === undefined || value === null) continue;
    const wanted = reader(value, name);
    if (wanted !== undefined && !isEmptyList(wanted)) filters.push([name, wanted]);
  }
  return Object.fromEntries(filters) as Omit<Q, keyof Page<string>>;
}

/** An empty list filters nothing, as in Camunda. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
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
  return {
    ...readRange(query),
    sorting: [...readSorting(keys, query), ...readSortingList(keys, body.sorting)],
  };
}

/** Numbers below zero cut off as they do in Camunda's SQL: results from `first` to `first + max`, those that there are. */
function readRange(query: JsonRecord): Pick<Page<string>, 'firstResult' | 'maxResults'> {
  const first = optional(query, 'firstResult', integer);
  const max = optional(query, 'maxResults', integer);
  const from = Math.max(first ?? 0, 0);
  return {
    firstResult: first === undefined ? undefined : from,
    maxResults: max === undefined ? undefined : Math.max((first ?? 0) + max - from, 0),
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
    throw invalidRequest(`Cannot set query parameter 'sortBy' to value '${shown(sortBy)}'`);
  if (sortOrder !== 'asc' && sortOrder !== 'desc') {
    throw invalidRequest(`Cannot set query parameter 'sortOrder' to value '${shown(sortOrder)}'`);
  }
  return [{ sortBy: key, sortOrder }];
}
