/** A parameter of a statement. */
export type WriterValue = string | number | null | Uint8Array;

/** A row by column name. */
export type WriterRow = Readonly<Record<string, unknown>>;

/** One statement; `?` stands for a parameter. */
export interface WriterStatement {
  readonly sql: string;
  readonly parameters: readonly WriterValue[];
}

/** A statement, and another that runs right after it if it finds less than expected. */
export interface GuardedStatement extends WriterStatement {
  readonly otherwise?: {
    /** With so many rows or changed rows, the other statement does not run. */
    readonly rows: number;
    readonly statement: WriterStatement;
  };
}

/** The result of a statement. */
export interface WriterResult {
  /** Rows that it changed; 0 for one that returns rows. */
  readonly changes: number;
  readonly rows: readonly WriterRow[];
  /** The rows of the other statement; null if it did not run. */
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
