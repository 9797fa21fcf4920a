import type { Page } from '../query/query.types.js';
import { type Route, type RouteCall } from './engine.router.js';
import { ok } from './http.types.js';
import { readFilters, readPage, type FilterTable } from './query.reader.js';
import { refuseUnserved } from './unserved.filters.js';

/** A resource that can be listed and counted. */
export interface QueryResource<Query extends Page<string>, Item> {
  readonly path: string;
  readonly filters: FilterTable<Query>;
  readonly sortKeys: readonly SortKey<Query>[];
  /** Filters whose JSON names differ from the query's; merged over what the table read. */
  readonly refine?: (filters: Query, raw: Readonly<Record<string, unknown>>) => Query;
  readonly find: (query: Query) => readonly Item[];
  readonly count: (query: Query) => number;
  readonly present: (item: Item, call: RouteCall) => unknown;
}

type SortKey<Query extends Page<string>> = NonNullable<Query['sorting']>[number]['sortBy'];

/**
 * `GET` and `POST` of a list and of its count.
 *
 * @param methods those that Camunda serves for the resource
 */
export function queryRoutes<Query extends Page<string>, Item>(
  resource: QueryResource<Query, Item>,
  methods: readonly ('GET' | 'POST')[] = ['GET', 'POST'],
): readonly Route[] {
  return methods.flatMap((method): readonly Route[] => {
    const list: Route = {
      method,
      path: resource.path,
      handle: (call) => {
        const query = {
          ...readQuery(resource, call, method),
          ...readPage(resource.sortKeys, call.query, sortingOf(call, method)),
        };
        return ok(resource.find(query).map((item) => resource.present(item, call)));
      },
    };
    const count: Route = {
      method,
      path: `${resource.path}/count`,
      handle: (call) => ok({ count: resource.count(readQuery(resource, call, method)) }),
    };
    return [list, count];
  });
}

function sortingOf(call: RouteCall, method: 'GET' | 'POST'): Readonly<Record<string, unknown>> {
  return method === 'GET' ? {} : call.body();
}

function readQuery<Query extends Page<string>, Item>(
  resource: QueryResource<Query, Item>,
  call: RouteCall,
  method: 'GET' | 'POST',
): Query {
  const raw = method === 'GET' ? call.query : call.body();
  refuseUnserved(resource.path, raw);
  const filters = readFilters(resource.filters, raw) as Query;
  return resource.refine === undefined ? filters : resource.refine(filters, raw);
}
