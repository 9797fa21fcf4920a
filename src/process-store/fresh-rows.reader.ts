import type { ProcessRecord } from './process-record.js';

/** Queries at the same time; further ids wait and share the next one. */
const QUERIES = 2;

/** Most ids in one query: their rows have their results. */
const QUERY_SIZE = 100;

interface Reader {
  readonly resolve: (record: ProcessRecord | null) => void;
  readonly reject: (error: unknown) => void;
}

/** The rows of ids from the table; ids without a row are missing. */
export type RowQuery = (correlationIds: readonly string[]) => Promise<readonly ProcessRecord[]>;

/**
 * Reads rows as they are after the call. Calls that come while queries run share the next query, so that polling clients
 * cost few queries; no call shares a query that began before it.
 */
export class FreshRowsReader {
  private waiting = new Map<string, Reader[]>();
  private running = 0;

  constructor(private readonly query: RowQuery) {}

  /** @returns null if there is no row */
  read(correlationId: string): Promise<ProcessRecord | null> {
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      const others = this.waiting.get(correlationId);
      if (others === undefined) this.waiting.set(correlationId, [reader]);
      else others.push(reader);
      this.next();
    });
  }

  private next(): void {
    while (this.running < QUERIES && this.waiting.size > 0) {
      const batch = new Map([...this.waiting].slice(0, QUERY_SIZE));
      for (const correlationId of batch.keys()) this.waiting.delete(correlationId);
      this.running += 1;
      void this.run(batch).finally(() => {
        this.running -= 1;
        this.next();
      });
    }
  }

  private async run(batch: ReadonlyMap<string, readonly Reader[]>): Promise<void> {
    try {
      const records = await this.query([...batch.keys()]);
      const byId = new Map(records.map((record) => [record.correlationId, record]));
      for (const [correlationId, readers] of batch)
        for (const { resolve } of readers) resolve(byId.get(correlationId) ?? null);
    } catch (error) {
      for (const readers of batch.values()) for (const { reject } of readers) reject(error);
    }
  }
}
