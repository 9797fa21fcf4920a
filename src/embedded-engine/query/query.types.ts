/**
 * The filters of a query; several are joined by AND. A filter that is absent or undefined does not filter, so that
 * parsed query strings fit as they are.
 */
export type Filter<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Paging and order; `sortBy` is a property of the record or one of the names beside it. */
export interface Page<Key extends string> {
  readonly firstResult?: number | undefined;
  readonly maxResults?: number | undefined;
  readonly sorting?: readonly Sorting<Key>[] | undefined;
}

export interface Sorting<Key extends string> {
  readonly sortBy: Key;
  readonly sortOrder: 'asc' | 'desc';
}

/** One comparison of a variable filter (`name_operator_value`). */
export interface VariableFilter {
  readonly name: string;
  readonly operator: 'eq' | 'neq' | 'gt' | 'gteq' | 'lt' | 'lteq' | 'like' | 'notLike';
  /** Compared with the variable's plain value; Dates as epoch milliseconds. */
  readonly value: unknown;
}

export type SortKeyOf<Q extends { readonly sorting?: unknown }> =
  NonNullable<Q['sorting']> extends readonly { readonly sortBy: infer K extends string }[] ? K : never;
