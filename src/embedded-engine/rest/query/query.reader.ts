import type { QueryDefinition } from '../../query/define/query.definition.js';
import type {
  Filter,
  Filters,
  FilterValues,
  Page,
  Parameter,
  ParameterKind,
  ParameterTypes,
  SortKeys,
  Sorting,
} from '../../query/define/query.types.js';
import { VARIABLE_OPERATORS, type VariableFilter } from '../../query/define/variable.filter.js';
import type { VariableType } from '../../state/typed-value.types.js';
import { parseDate } from '../http/date.format.js';
import { readDueDates } from './due-dates.reader.js';
import {
  boolean,
  integer,
  isRecord,
  list,
  long,
  optional,
  shown,
  text,
  type JsonRecord,
  type MemberReader,
} from '../http/json.reader.js';
import { invalidRequest, RestError } from '../http/rest.error.js';
import { readPlainValue } from '../variables/variable.reader.js';

/** A filter that can only be true; `false` means absent. */
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

/** In a query string the unescaped `+` of an offset arrives as a space. */
function restorePlus(value: string): string {
  return value.replace(' ', '+');
}

/** A list of ids. A parameter without a value matches nothing, as in Camunda. */
const ids: MemberReader<readonly string[]> = (value, name) => {
  if (value === '') return [''];
  const given = list(value, name);
  if (given.length === 0)
    throw new RestError(500, 'ProcessEngineException', 'Set of process instance ids is empty', 0);
  return given;
};

/** Variable types; Camunda accepts any case here. */
const variableTypes: MemberReader<readonly VariableType[]> = (value, name) =>
  list(value, name).map(
    (type) => (type.charAt(0).toUpperCase() + type.slice(1).toLowerCase()) as VariableType,
  );

function operatorOf(name: unknown): VariableFilter['operator'] {
  const operator = VARIABLE_OPERATORS.find((one) => one === name);
  if (operator === undefined)
    throw invalidRequest(`Invalid variable comparator specified: ${shown(name ?? null)}`);
  return operator;
}

/** `name_operator_value,…` of a query string, or `[{name, operator, value}]` of a body. */
const variables: MemberReader<readonly VariableFilter[]> = (value, name) => {
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

/** As `variables`; Camunda refuses the other operators for process variables of executions. */
const equalVariables: MemberReader<readonly VariableFilter[]> = (value, name) => {
  const filters = variables(value, name);
  const other = filters.find(({ operator }) => operator !== 'eq' && operator !== 'neq');
  if (other !== undefined)
    throw invalidRequest(`Invalid process variable comparator specified: ${other.operator}`);
  return filters;
};

/** A value in a query string is a text or a date, not a number: `n_eq_5` matches the text `5`, as in Camunda. */
function readVariableExpression(expression: string, parameter: string): VariableFilter {
  const [name, operator, value, ...rest] = expression.split('_');
  if (name === undefined || value === undefined || rest.length > 0) {
    throw invalidRequest(
      `Cannot set query parameter '${parameter}' to value '${shown(expression)}': variable query parameter has to have format KEY_OPERATOR_VALUE.`,
    );
  }
  return { name, operator: operatorOf(operator), value: readPlainValue(value) };
}

const READERS: { readonly [K in ParameterKind]: MemberReader<ParameterTypes[K] | undefined> } = {
  text,
  list,
  ids,
  flag,
  date,
  integer,
  long,
  variables,
  equalVariables,
  plainValue: readPlainValue,
  variableTypes,
  dueDates: readDueDates,
};

/**
 * Reads the filters that a query declares. A name that is unknown in Camunda is ignored, as in Camunda.
 *
 * @throws RestError 400 for a value that does not have the filter's type, and for a Camunda filter that the engine lacks
 */
export function readFilters<F extends Filters<never, never>>(
  query: Pick<QueryDefinition<never, never, F, SortKeys<never>>, 'path' | 'filters' | 'unserved'>,
  raw: JsonRecord,
): FilterValues<F> {
  refuseUnserved(query, raw);
  const values: [string, unknown][] = [];
  for (const [name, { parameter, alias }] of Object.entries<Filter<never, never, never>>(query.filters)) {
    const value = readParameter(parameter, name, raw);
    const filter = value === undefined && alias !== undefined ? readParameter(parameter, alias, raw) : value;
    if (filter !== undefined && !isEmptyList(filter)) values.push([name, filter]);
  }
  return Object.fromEntries(values) as FilterValues<F>;
}

function readParameter(parameter: Parameter, name: string, raw: JsonRecord): unknown {
  switch (parameter.kind) {
    case 'internal':
      return undefined;
    case 'choice':
      return optional(raw, name, (value) => readChoice(parameter.choices, value, name));
    case 'flags':
      return Object.entries(parameter.flags)
        .filter(([flagName]) => optional(raw, flagName, flag) === true)
        .map(([, value]) => value);
    default:
      return optional<unknown>(raw, name, READERS[parameter.kind]);
  }
}

function readChoice(choices: readonly string[], value: unknown, name: string): string {
  const choice = choices.find((one) => one === value);
  if (choice !== undefined) return choice;
  const allowed = choices.map((one) => `'${one}'`).join(' or ');
  throw invalidRequest(`${name} must be ${allowed}, not '${shown(value)}'`);
}

/** An empty list does not filter, as in Camunda. */
function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function refuseUnserved(
  { path, unserved }: { readonly path: string; readonly unserved: readonly string[] },
  raw: JsonRecord,
): void {
  for (const name of unserved) {
    if (Object.hasOwn(raw, name) && isFilter(raw[name])) {
      throw invalidRequest(`The filter '${name}' of ${path} is not part of the embedded engine's subset`);
    }
  }
}

function isFilter(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== null && value !== undefined && value !== false && value !== 'false' && value !== '';
}

/**
 * Reads page and order. The page is always in the query string; the order of a POST is in its body.
 *
 * @param sort the keys by which a client may sort
 */
export function readPage<Key extends string>(
  sort: Readonly<Record<Key, unknown>>,
  query: JsonRecord,
  body: JsonRecord,
): Page<Key> {
  const keys = Object.keys(sort) as Key[];
  return {
    ...readRange(query),
    sorting: [...readSorting(keys, query), ...readSortingList(keys, body.sorting)],
  };
}

/** Results from `first` to `first + max`; a negative `first` shortens the page, as in Camunda's SQL. */
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
