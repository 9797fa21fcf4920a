import type { Page } from './query.types.js';
import { type FilterRule, type FilterRules, pageOf, type SortKeys } from './record.query.js';

/** The records that pass every filter of a query that is there, one after the other. */
export function* matching<R, Q extends object>(
  records: Iterable<R>,
  query: Q,
  rules: FilterRules<R, Q>,
): Iterable<R> {
  const given = Object.entries(query).flatMap(([name, wanted]) => {
    if (wanted === undefined || !Object.hasOwn(rules, name)) return [];
    const rule = rules[name as keyof typeof rules] as FilterRule<R, unknown>;
    return [(record: R) => rule(record, wanted)];
  });
  for (const record of records) {
    if (given.every((passes) => passes(record))) yield record;
  }
}

/**
 * One page of records that come one after the other: never more of them are held than twice what the page and those
 * before it take, and without an order no more are asked for.
 */
export function pageOfAll<R, Key extends string>(
  records: Iterable<R>,
  query: Page<Key>,
  keys: SortKeys<R, Key>,
): R[] {
  const { sorting = [], firstResult = 0, maxResults = Infinity } = query;
  const wanted = firstResult + maxResults;
  let held: R[] = [];
  for (const record of records) {
    if (sorting.length === 0 && held.length >= wanted) break;
    held.push(record);
    if (held.length >= 2 * wanted + HELD_AT_LEAST) held = pageOf(held, { sorting, maxResults: wanted }, keys);
  }
  return pageOf(held, query, keys);
}

/** A small page is not sorted again for every few records. */
const HELD_AT_LEAST = 1_000;

export function countOf(records: Iterable<unknown>): number {
  let count = 0;
  for (const _ of records) count += 1;
  return count;
}
