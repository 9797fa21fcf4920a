import { describe, expect, it } from '@jest/globals';
import { above, equals } from './filters.js';
import { defineQuery } from './query.definition.js';

interface Numbered {
  readonly value: number;
}

const QUERY = defineQuery<Numbered, undefined>()({
  path: '/number',
  filters: { value: equals('value', 'integer'), above: above('value', 'integer') },
  sort: { value: 'value', tens: { name: 'tens', of: ({ value }) => Math.floor(value / 10) } },
});

function* numbers(count: number, taken = { count: 0 }): Iterable<Numbered> {
  for (let at = 0; at < count; at += 1) {
    taken.count += 1;
    yield { value: (at * 7_919) % count };
  }
}

describe('a page of many records', () => {
  it('takes no more of them than it shows when they are in no order', () => {
    const taken = { count: 0 };
    const page = QUERY.page(numbers(1_000_000, taken), { firstResult: 5, maxResults: 10 });
    expect(page).toHaveLength(10);
    expect(taken.count).toBeLessThan(20);
  });

  it('is the right one when they are in order, however many there are', () => {
    const page = QUERY.page(numbers(50_000), {
      firstResult: 3,
      maxResults: 2,
      sorting: [{ sortBy: 'value', sortOrder: 'desc' }],
    });
    expect(page.map(({ value }) => value)).toEqual([49_996, 49_995]);
  });

  it('is sorted by each key in turn', () => {
    const page = QUERY.page([{ value: 11 }, { value: 3 }, { value: 18 }, { value: 7 }], {
      sorting: [
        { sortBy: 'tens', sortOrder: 'desc' },
        { sortBy: 'value', sortOrder: 'asc' },
      ],
    });
    expect(page.map(({ value }) => value)).toEqual([11, 18, 3, 7]);
  });

  it('has all of them without a limit', () => {
    expect(QUERY.page(numbers(3_000), {})).toHaveLength(3_000);
  });
});

describe('the records that pass', () => {
  it('are those that pass every filter with a value', () => {
    expect(QUERY.count(numbers(10), { above: 6 }, undefined)).toBe(3);
    expect(QUERY.count(numbers(10), { above: 6, value: 8 }, undefined)).toBe(1);
    expect(QUERY.count(numbers(10), { above: undefined }, undefined)).toBe(10);
  });

  it('do not depend on names that are not filters, such as the properties of every object', () => {
    const query = { value: 2, ...{ constructor: 1, other: 1 } };
    expect(QUERY.find(numbers(3), query, undefined)).toEqual([{ value: 2 }]);
  });
});
