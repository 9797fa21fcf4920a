import { toEngineDate } from '../../camunda-engine/index.js';

const PAGE_SIZE = 500;

/** What one page of a list by time is asked for with. */
export interface TimePage {
  /** A time as the engine writes it. */
  readonly after: string;
  readonly firstResult: number;
  readonly maxResults: number;
}

/**
 * The pages of a list that the engine sorts by time, up to one that is not full.
 *
 * A page begins at the last time of the one before, because rows that are skipped cost the engine as much as rows that
 * are read. So rows of that time may come again. Only where a whole page has one time are rows skipped.
 *
 * @param from where the first page begins, as the engine writes times
 * @param afterOf what a page is asked for with that is to have the row's time again, in epoch milliseconds
 */
export async function* pagesByTime<T>(
  from: string,
  read: (page: TimePage) => Promise<readonly T[]>,
  afterOf: (row: T) => number,
): AsyncGenerator<readonly T[], void> {
  let page: TimePage = { after: from, firstResult: 0, maxResults: PAGE_SIZE };
  for (;;) {
    const rows = await read(page);
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE_SIZE) return;
    const after = afterOf(last);
    page =
      after > Date.parse(page.after)
        ? { ...page, after: toEngineDate(new Date(after)), firstResult: 0 }
        : { ...page, firstResult: page.firstResult + PAGE_SIZE };
  }
}
