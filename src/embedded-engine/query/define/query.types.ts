import type { VariableType } from '../../state/typed-value.types.js';
import type { Scalar } from './compare.js';
import type { VariableFilter } from './variable.filter.js';

/** Paging and order, as every query has them. */
export interface Page<Key extends string> {
  readonly firstResult?: number | undefined;
  readonly maxResults?: number | undefined;
  readonly sorting?: readonly Sorting<Key>[] | undefined;
}

export interface Sorting<Key extends string> {
  readonly sortBy: Key;
  readonly sortOrder: 'asc' | 'desc';
}

/** How a filter's value is written in a request, with the type that it has in the engine. */
export interface ParameterTypes {
  text: string;
  /** Texts, as a JSON list or joined by commas. */
  list: readonly string[];
  /** As `list`, but an empty list is an error, because it would ask for everything. */
  ids: readonly string[];
  /** A filter that only has an effect if it is true. */
  flag: true;
  /** Epoch milliseconds. */
  date: number;
  /** 32 bits. */
  integer: number;
  /** As far as JavaScript counts exactly. */
  long: number;
  variables: readonly VariableFilter[];
  /** Those that are equal or not equal only. */
  equalVariables: readonly VariableFilter[];
  /** A variable's value; dates as epoch milliseconds. */
  plainValue: unknown;
  /** Names of types in any case. */
  variableTypes: readonly VariableType[];
  /** `gt_date,lt_date` or `[{operator, value}]`. */
  dueDates: DueDates;
}

export interface DueDates {
  readonly after?: number;
  readonly before?: number;
}

export type ParameterKind = keyof ParameterTypes;

/** How a request writes a filter. */
export type Parameter =
  | { readonly kind: ParameterKind }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  /** Several parameters that each add one value to a list. */
  | { readonly kind: 'flags'; readonly flags: Readonly<Record<string, string>> }
  /** Only the engine itself uses the filter. */
  | { readonly kind: 'internal' };

export type Comparator =
  | 'equals'
  | 'oneOf'
  | 'noneOf'
  | 'like'
  | 'isSet'
  | 'isNull'
  | 'isTrue'
  | 'isFalse'
  | 'above'
  | 'below'
  | 'atLeast'
  | 'atMost';

/** What a filter compares, for those who answer it without the record: SQL, and the choice of candidates. */
export interface Comparison {
  readonly field: string;
  readonly comparator: Comparator;
  /** The value that the filter compares with if it is not the one of the query. */
  readonly value?: string;
}

/** A comparison that a query asks for. */
export interface GivenComparison {
  readonly field: string;
  readonly comparator: Comparator;
  readonly wanted: unknown;
}

/**
 * One filter of a query.
 *
 * @typeParam R the record that it decides about
 * @typeParam C what it may look up beside the record
 * @typeParam V the value that a query gives it
 */
export interface Filter<in R, in C, in V> {
  readonly parameter: Parameter;
  readonly matches: (record: R, wanted: V, context: C) => boolean;
  /** An older name of the parameter. */
  readonly alias?: string;
  /** Null if only `matches` can decide. */
  readonly comparison: Comparison | null;
}

/** What a query sorts by: a field of the record, or a value that is computed and has a name of its own. */
export type SortKey<R> =
  | { readonly [K in keyof R]: R[K] extends Scalar ? K : never }[keyof R]
  | { readonly name: string; readonly of: (record: R) => Scalar };

export type Filters<R, C> = Readonly<Record<string, Filter<R, C, never>>>;
export type SortKeys<R> = Readonly<Record<string, SortKey<R>>>;

/** The values that the filters of a declaration take; a filter that is absent or undefined does not filter. */
export type FilterValues<F> = {
  readonly [K in keyof F]?: (F[K] extends Filter<never, never, infer V> ? V : never) | undefined;
};
