import { compareScalars, type Scalar } from './compare.js';
import type {
  Filter,
  Filters,
  FilterValues,
  GivenComparison,
  Page,
  SortKey,
  SortKeys,
  Sorting,
} from './query.types.js';

/** A query as the engine takes it: values of filters, paging and order. */
export type QueryOf<D extends { readonly filters: object; readonly sort: object }> = FilterValues<
  D['filters']
> &
  Page<keyof D['sort'] & string>;

/** Answers the queries of a resource. */
export interface Queryable<Query, Item> {
  /** What a query asks for, in its order. */
  find(query: Query): readonly Item[];
  /** How many pass the filters of a query. */
  count(query: Query): number;
}

/** What a resource can be asked for, declared once. */
export interface QueryDeclaration<F, S> {
  /** Camunda's path of the resource: `/task`. */
  readonly path: string;
  /** By the name in a request, which is also the name in the engine. */
  readonly filters: F;
  /** By the name that `sortBy` gives. */
  readonly sort: S;
  /**
   * Filters of Camunda 7.24 that the engine does not have. To ignore one, as Camunda ignores a name that it does not
   * know, would answer more than was asked for. Names with blanks or line breaks between them.
   */
  readonly unserved?: string;
}

/**
 * The declaration of a query with what is derived of it in memory.
 *
 * @typeParam R the records that it finds
 * @typeParam C what its filters look up beside the record
 */
export class QueryDefinition<R, C, F extends Filters<R, C>, S extends SortKeys<R>> {
  readonly path: string;
  readonly filters: F;
  readonly sort: S;
  readonly unserved: readonly string[];

  constructor(declaration: QueryDeclaration<F, S>) {
    this.path = declaration.path;
    this.filters = declaration.filters;
    this.sort = declaration.sort;
    this.unserved = declaration.unserved?.trim().split(/\s+/) ?? [];
  }

  /** Decides whether a record passes every filter of the query. */
  matcher(query: FilterValues<F>): (record: R, context: C) => boolean {
    const given = this.given(query);
    return (record, context) => {
      for (const { filter, wanted } of given) if (!filter.matches(record, wanted, context)) return false;
      return true;
    };
  }

  /**
   * The filters of a query as comparisons of fields, for what answers a query without the records.
   *
   * @returns `complete`: whether the comparisons are all that the query asks for
   */
  comparisons(query: FilterValues<F>): {
    readonly comparisons: readonly GivenComparison[];
    readonly complete: boolean;
  } {
    const given = this.given(query);
    const comparisons = given.flatMap(({ filter: { comparison }, wanted }) => {
      if (comparison === null) return [];
      const { field, comparator, value } = comparison;
      return [{ field, comparator, wanted: value ?? wanted }];
    });
    return { comparisons, complete: comparisons.length === given.length };
  }

  /** Those of the records that the query asks for, in its order. */
  find<T extends R>(records: Iterable<T>, query: FilterValues<F> & Page<keyof S & string>, context: C): T[] {
    return this.page(this.matching(records, query, context), query);
  }

  /** How many of the records pass the filters. */
  count(records: Iterable<R>, query: FilterValues<F>, context: C): number {
    const passes = this.matcher(query);
    let count = 0;
    for (const record of records) if (passes(record, context)) count += 1;
    return count;
  }

  /**
   * Answers queries over records that are asked for with each query.
   *
   * @param candidates records among which are all that the query finds
   */
  over<T extends R>(
    candidates: (query: FilterValues<F>) => Iterable<T>,
    context: () => C,
  ): Queryable<FilterValues<F> & Page<keyof S & string>, T> {
    return {
      find: (query) => this.find(candidates(query), query, context()),
      count: (query) => this.count(candidates(query), query, context()),
    };
  }

  /** Returns matching records one at a time, so that callers need not keep all of them. */
  *matching<T extends R>(records: Iterable<T>, query: FilterValues<F>, context: C): Iterable<T> {
    const passes = this.matcher(query);
    for (const record of records) if (passes(record, context)) yield record;
  }

  /**
   * One page of records that come one after the other: never more of them are held than twice what the page and those
   * before it take, and without an order no more are asked for.
   */
  page<T extends R>(records: Iterable<T>, query: Page<keyof S & string>): T[] {
    const { sorting = [], firstResult = 0, maxResults = Infinity } = query;
    const order = this.order(sorting);
    const wanted = firstResult + maxResults;
    let held: T[] = [];
    for (const record of records) {
      if (order === null && held.length >= wanted) break;
      held.push(record);
      if (order !== null && held.length >= 2 * wanted + HELD_AT_LEAST)
        held = held.sort(order).slice(0, wanted);
    }
    if (order !== null) held.sort(order);
    return firstResult === 0 && held.length <= wanted ? held : held.slice(firstResult, wanted);
  }

  /** The filters that a query gives a value to; other properties are passed over. */
  private given(query: FilterValues<F>): readonly GivenFilter<R, C>[] {
    return Object.entries<unknown>(query).flatMap(([name, wanted]) =>
      wanted === undefined || !Object.hasOwn(this.filters, name)
        ? []
        : [{ filter: this.filters[name] as unknown as Filter<R, C, unknown>, wanted }],
    );
  }

  private order(sorting: readonly Sorting<keyof S & string>[]): ((a: R, b: R) => number) | null {
    if (sorting.length === 0) return null;
    const keys = sorting.map(({ sortBy, sortOrder }) => ({
      of: valueOf(this.sort[sortBy] as SortKey<R>),
      direction: sortOrder === 'asc' ? 1 : -1,
    }));
    return (a, b) => {
      for (const { of, direction } of keys) {
        const order = compareScalars(of(a), of(b));
        if (order !== 0) return order * direction;
      }
      return 0;
    };
  }
}

/** A filter with the value that a query gives it. */
interface GivenFilter<R, C> {
  readonly filter: Filter<R, C, unknown>;
  readonly wanted: unknown;
}

/** A small page is not sorted again for every few records. */
const HELD_AT_LEAST = 1_000;

function valueOf<R>(key: SortKey<R>): (record: R) => Scalar {
  if (typeof key === 'object') return key.of;
  return (record) => record[key] as Scalar;
}

/**
 * Declares a query; the types of its record and its context come first, the rest follows from the declaration.
 *
 * @example
 * export const TASK_QUERY = defineQuery<TaskRecord, unknown>()({ path: '/task', filters: { id: equals('id') }, … });
 * export type TaskQuery = QueryOf<typeof TASK_QUERY>;
 */
export function defineQuery<R, C>(): <F extends Filters<R, C>, S extends SortKeys<R>>(
  declaration: QueryDeclaration<F, S>,
) => QueryDefinition<R, C, F, S> {
  return (declaration) => new QueryDefinition(declaration);
}
