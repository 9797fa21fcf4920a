import { toEngineDate } from '../../camunda-engine/index.js';

const PAGE_SIZE = 500;

/** The query of one page of a list that is sorted by time. */
export interface TimePage {
  /** A time in the engine's format. */
  readonly after: string;
  readonly firstResult: number;
  readonly maxResults: number;
}

/**
 * Reads the pages of a list that the engine sorts by time, up to the first page that is not full.
 *
 * A page begins at the last time of the page before it, because skipped rows cost the engine as much as rows that it
 * returns. So rows with that time may come again. Rows are skipped only if a whole page has the same time.
 *
 * @param from the start of the first page, in the engine's time format
 * @param afterOf the `after` of a page that includes the row's time, in epoch milliseconds
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
