import type { Database } from 'better-sqlite3';
import type { EngineFileWriter } from './engine-file.writer.js';

/** Number of ended instances per transaction; a batch takes a few milliseconds. */
const BATCH = 200;

/** Interval in milliseconds at which expired history is removed. */
const CLEAN_UP_INTERVAL = 10 * 60_000;

interface HistoryCleanerParts {
  readonly db: Database;
  readonly writer: EngineFileWriter;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Called when a batch could not be removed; the next round retries it. */
  readonly onFailure: (error: unknown) => void;
}

/** Removes ended instances after their removal time, in batches, so that the event loop is not blocked. */
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

  /** @returns the number of removed instances */
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
