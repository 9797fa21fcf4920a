import type { Queryable, QueryDefinition, QueryOf } from '../../query/define/query.definition.js';
import type { Filters, FilterValues, SortKeys } from '../../query/define/query.types.js';
import { get, post, type Route, type RouteCall } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import type { JsonRecord } from '../http/json.reader.js';
import { readFilters, readPage } from './query.reader.js';

/** What the routes of a query have besides the query itself. */
export interface QueryRouteOptions<Query> {
  /** `POST` as well as `GET`, as Camunda has it for most resources; default true. */
  readonly post?: boolean;
  /** @throws RestError for filters that exclude each other */
  readonly check?: (query: Query) => void;
}

/**
 * `GET` and `POST` of a list and of its count.
 *
 * @param present makes the DTO of an item
 */
export function queryRoutes<R, C, F extends Filters<R, C>, S extends SortKeys<R>, Item>(
  definition: QueryDefinition<R, C, F, S>,
  resource: Queryable<QueryOf<QueryDefinition<R, C, F, S>>, Item>,
  present: (item: Item, call: RouteCall) => unknown,
  options: QueryRouteOptions<FilterValues<F>> = {},
): readonly Route[] {
  const { path } = definition;
  const filters = (given: JsonRecord): FilterValues<F> => {
    const query = readFilters(definition, given);
    options.check?.(query);
    return query;
  };
  const list = (call: RouteCall, given: JsonRecord, body: JsonRecord) => {
    const query = { ...filters(given), ...readPage(definition.sort, call.query, body) };
    return ok(resource.find(query).map((item) => present(item, call)));
  };
  const count = (given: JsonRecord) => ok({ count: resource.count(filters(given)) });
  const gets = [
    get(path, (call) => list(call, call.query, {})),
    get(`${path}/count`, (call) => count(call.query)),
  ];
  if (options.post === false) return gets;
  return [
    ...gets,
    post(path, (call) => list(call, call.body(), call.body())),
    post(`${path}/count`, (call) => count(call.body())),
  ];
}
