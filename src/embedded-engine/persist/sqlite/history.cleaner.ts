import type { Database } from 'better-sqlite3';
import type { EngineFileWriter } from './engine-file.writer.js';

/** Ended instances that are removed in one transaction; a batch takes a few milliseconds. */
const BATCH = 200;

/** How often what has outlived its time to live is looked for, milliseconds. */
const CLEAN_UP_INTERVAL = 10 * 60_000;

interface HistoryCleanerParts {
  readonly db: Database;
  readonly writer: EngineFileWriter;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Is told when a batch could not be removed; it is tried again with the next round. */
  readonly onFailure: (error: unknown) => void;
}

/** Removes ended instances whose removal time has come, batch by batch, so that the event loop goes on between. */
export class HistoryCleaner {
  private readonly timer: NodeJS.Timeout;
  private nextBatch: NodeJS.Immediate | null = null;

  constructor(private readonly parts: HistoryCleanerParts) {
    this.timer = setInterval(() => {
      this.start();
    }, CLEAN_UP_INTERVAL).unref();
    this.start();
  }

  close(): void {
    clearInterval(this.timer);
    if (this.nextBatch !== null) clearImmediate(this.nextBatch);
    this.nextBatch = null;
  }

  private start(): void {
    this.nextBatch ??= setImmediate(() => {
      this.nextBatch = null;
      if (this.removeBatch() === BATCH) this.start();
    }).unref();
  }

  /** @returns how many instances are gone */
  private removeBatch(): number {
    const { db, writer, clock, onFailure } = this.parts;
    try {
      const expired = db
        .prepare<[number, number], number>('SELECT seq FROM ended WHERE removal_time <= ? LIMIT ?')
        .pluck()
        .all(clock(), BATCH);
      if (expired.length === 0) return 0;
      db.transaction(() => {
        for (const seq of expired) writer.remove(seq);
      }).immediate();
      return expired.length;
    } catch (error) {
      onFailure(error);
      return 0;
    }
  }
}
