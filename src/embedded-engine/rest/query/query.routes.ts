import type { QueryDefinition, QueryOf } from '../../query/define/query.definition.js';
import type { Filters, FilterValues, SortKeys } from '../../query/define/query.types.js';
import { type Route, type RouteCall } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { readFilters, readPage } from './query.reader.js';

/** Handles the queries of a resource. */
export interface QueryHandlers<Query, Item> {
  readonly find: (query: Query) => readonly Item[];
  readonly count: (query: Query) => number;
  readonly present: (item: Item, call: RouteCall) => unknown;
  /** @throws RestError for filters that exclude each other */
  readonly check?: (query: Query) => void;
}

/**
 * `GET` and `POST` of a list and of its count.
 *
 * @param methods the methods that Camunda serves for the resource
 */
export function queryRoutes<R, C, F extends Filters<R, C>, S extends SortKeys<R>, Item>(
  definition: QueryDefinition<R, C, F, S>,
  handlers: QueryHandlers<QueryOf<QueryDefinition<R, C, F, S>>, Item>,
  methods: readonly ('GET' | 'POST')[] = ['GET', 'POST'],
): readonly Route[] {
  return methods.flatMap((method): readonly Route[] => {
    const body = (call: RouteCall) => (method === 'GET' ? {} : call.body());
    const filters = (call: RouteCall): FilterValues<F> => {
      const query = readFilters(definition, method === 'GET' ? call.query : call.body());
      handlers.check?.(query);
      return query;
    };
    const list: Route = {
      method,
      path: definition.path,
      handle: (call) => {
        const query = { ...filters(call), ...readPage(definition.sort, call.query, body(call)) };
        return ok(handlers.find(query).map((item) => handlers.present(item, call)));
      },
    };
    const count: Route = {
      method,
      path: `${definition.path}/count`,
      handle: (call) => ok({ count: handlers.count(filters(call)) }),
    };
    return [list, count];
  });
}
