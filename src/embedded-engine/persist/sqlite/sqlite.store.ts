import type { Transaction } from 'better-sqlite3';
import type { ChangeSet, DeploymentBundle } from '../../state/change-set.js';
import type { RecoveredState, StateStore } from '../../state/state-store.js';
import { type EngineFile, type EngineFileAccess, openEngineFile, unusable } from './engine-file.js';
import { EngineFileReader } from './engine-file.reader.js';
import { EngineFileWriter } from './engine-file.writer.js';
import { GroupCommitter } from './group.committer.js';
import { HistoryCleaner } from './history.cleaner.js';
import { SqliteHistory } from './sqlite.history.js';
import { recoverState } from './state.recovery.js';
import { StoredInstance } from './stored.instance.js';
import { StoredInstances } from './stored.instances.js';
import { endedRecord } from './ended.columns.js';

/** Maximum delay of a deferrable commit until its instance is written, in ms: longer than most steps take. */
const MAX_DEFER_MS = 1_000;

export interface SqliteStoreOptions extends EngineFileAccess {
  /** Epoch milliseconds; determines which history has expired. Default `Date.now`. */
  readonly clock?: () => number;
  /** Maximum number of pages of the file, to simulate a full disk; absent: no limit. */
  readonly maxPages?: number;
  /** Called when expired history could not be removed. */
  readonly onCleanUpFailure?: (error: unknown) => void;
}

/**
 * Stores the engine's state in a SQLite file: one row per running instance, written at most once per turn of the event
 * loop, and a row with search columns per ended instance.
 */
export class SqliteStore implements StateStore {
  readonly history: SqliteHistory;
  private readonly reader: EngineFileReader;
  private readonly writer: EngineFileWriter;
  private readonly instances: StoredInstances;
  private readonly committer: GroupCommitter;
  private readonly cleaner: HistoryCleaner;
  private readonly deployments = new Map<string, DeploymentBundle | null>();
  private readonly transaction: Transaction<(work: () => void) => void>;
  private noting: NodeJS.Timeout | null = null;
  private recovered: RecoveredState | null;
  private closed = false;

  private constructor(
    private readonly file: EngineFile,
    options: SqliteStoreOptions,
  ) {
    const { db } = file;
    if (options.maxPages !== undefined) db.pragma(`max_page_count = ${options.maxPages}`);
    this.reader = new EngineFileReader(db);
    this.writer = new EngineFileWriter(db);
    let lastText = this.reader.lastNumber('large_text', 'id');
    const numbers = { next: () => (lastText += 1) };
    const lastSeq = Math.max(
      this.reader.lastNumber('running', 'seq'),
      this.reader.lastNumber('ended', 'seq'),
    );
    this.instances = new StoredInstances(numbers, (id) => this.reopen(id, numbers), lastSeq);
    const { instances, state } = recoverState(this.reader, numbers);
    for (const instance of instances) this.instances.restore(instance);
    this.recovered = state;
    this.transaction = db.transaction((work: () => void) => {
      work();
    });
    this.history = new SqliteHistory(db, this.reader, this.instances);
    this.committer = new GroupCommitter(() => {
      this.write();
    });
    this.cleaner = new HistoryCleaner({
      db,
      writer: this.writer,
      clock: options.clock ?? Date.now,
      onFailure: options.onCleanUpFailure ?? (() => undefined),
    });
  }

  /**
   * Opens the file, or creates it with its folder, and reads everything that has not ended.
   *
   * @throws EngineFileError with one sentence that names the cause and the remedy
   */
  static open(path: string, options: SqliteStoreOptions = {}): SqliteStore {
    const file = openEngineFile(path, options);
    try {
      return new SqliteStore(file, options);
    } catch (error) {
      file.close();
      throw unusable(path, error);
    }
  }

  /** Returns the state that the file had when it was opened. @throws Error on a second call */
  recover(): RecoveredState {
    const { recovered } = this;
    if (recovered === null) throw new Error('The state was recovered before.');
    this.recovered = null;
    return recovered;
  }

  commit(changes: ChangeSet): Promise<void> {
    return this.committer.commit(() => {
      this.apply(changes);
    });
  }

  commitDeferrable(changes: ChangeSet): Promise<void> {
    this.instances.defer(changes);
    this.noting ??= setTimeout(() => {
      // A failed write stops the engine with its next command.
      this.writeDeferred().catch(() => undefined);
    }, MAX_DEFER_MS).unref();
    return this.committer.settled();
  }

  close(): Promise<void> {
    if (!this.closed) {
      this.closed = true;
      this.cleaner.close();
      // The callers that waited for the write received its error.
      this.writeDeferred().catch(() => undefined);
      this.committer.flush();
      this.file.close();
    }
    return Promise.resolve();
  }

  private writeDeferred(): Promise<void> {
    if (this.noting === null) return Promise.resolve();
    clearTimeout(this.noting);
    this.noting = null;
    return this.committer.commit(() => {
      this.instances.touchDeferred();
    });
  }

  private apply(changes: ChangeSet): void {
    this.instances.apply(changes);
    for (const [id, bundle] of changes.deployments) this.deployments.set(id, bundle);
    for (const id of changes.deletedHistories) {
      this.instances.delete(id, () => this.reader.endedRow(id)?.seq);
    }
  }

  private reopen(id: string, numbers: { next(): number }): StoredInstance | undefined {
    const row = this.reader.endedRow(id);
    if (row === undefined || this.instances.deleted.has(row.seq)) return undefined;
    const instance = new StoredInstance(row.seq, endedRecord(row), numbers);
    instance.hadIncident = row.had_incident === 1;
    instance.isReopened = true;
    return instance;
  }

  /** Writes all changes since the last write in one transaction. */
  private write(): void {
    this.transaction.immediate(() => {
      for (const [id, bundle] of this.deployments) this.writer.writeDeployment(id, bundle);
      for (const instance of this.instances.touched) this.writer.write(instance);
      for (const seq of this.instances.deleted) this.writer.remove(seq);
    });
    this.deployments.clear();
    this.instances.markWritten();
  }
}
