import { describe, expect, it } from '@jest/globals';
import { countOf, matching, pageOfAll } from './record.page.js';

const KEYS = { value: (record: { value: number }) => record.value };

function* numbers(count: number, taken: { count: number }) {
  for (let at = 0; at < count; at += 1) {
    taken.count += 1;
    yield { value: (at * 7_919) % count };
  }
}

describe('a page of many records', () => {
  it('takes no more of them than it shows when they are in no order', () => {
    const taken = { count: 0 };
    const page = pageOfAll(numbers(1_000_000, taken), { firstResult: 5, maxResults: 10 }, KEYS);
    expect(page).toHaveLength(10);
    expect(taken.count).toBeLessThan(20);
  });

  it('is the right one when they are in order, however many there are', () => {
    const page = pageOfAll(
      numbers(50_000, { count: 0 }),
      { firstResult: 3, maxResults: 2, sorting: [{ sortBy: 'value', sortOrder: 'desc' }] },
      KEYS,
    );
    expect(page.map(({ value }) => value)).toEqual([49_996, 49_995]);
  });

  it('has all of them without a limit', () => {
    expect(pageOfAll(numbers(3_000, { count: 0 }), {}, KEYS)).toHaveLength(3_000);
  });
});

it('counts those that pass all filters that are given', () => {
  const rules = { above: (r: { value: number }, n: number) => r.value > n };
  expect(countOf(matching(numbers(10, { count: 0 }), { above: 6 }, rules))).toBe(3);
  expect(countOf(matching(numbers(10, { count: 0 }), { above: undefined }, rules))).toBe(10);
});
