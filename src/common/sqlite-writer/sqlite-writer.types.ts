/** What may stand for a placeholder of a statement. */
export type WriterValue = string | number | null | Uint8Array;

/** A row by column name. */
export type WriterRow = Readonly<Record<string, unknown>>;

/** One statement; `?` stands for a parameter. */
export interface WriterStatement {
  readonly sql: string;
  readonly parameters: readonly WriterValue[];
}

/** A statement with another that runs right behind it where it finds less than expected. */
export interface GuardedStatement extends WriterStatement {
  readonly otherwise?: {
    /** Rows, or changed rows, that make the other statement needless. */
    readonly rows: number;
    readonly statement: WriterStatement;
  };
}

/** What a statement came to. */
export interface WriterResult {
  /** Rows that it changed; 0 for one that returns rows. */
  readonly changes: number;
  readonly rows: readonly WriterRow[];
  /** The rows of the other statement; null where that did not run. */
  readonly otherwise: readonly WriterRow[] | null;
}

/** The file that a thread writes. */
export interface SqliteWriterOptions {
  /** An existing SQLite file with a write-ahead log. */
  readonly path: string;
  /** How long a transaction waits for the lock of another process, in ms. */
  readonly busyTimeoutMs: number;
  /** Settings of the connection besides `synchronous = FULL`, such as `wal_autocheckpoint = 1000`. */
  readonly pragmas: readonly string[];
}
