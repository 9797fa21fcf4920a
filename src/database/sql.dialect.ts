import type { ColumnDialect, SqlRow, SqlValue } from '../common/columns/index.js';

export type { SqlRow, SqlValue };

/** A statement; `?` stands for a parameter in every dialect. */
export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** Rows that are inserted where their key is new. */
export interface NewRows {
  readonly table: string;
  readonly columns: string;
  /** The values of one row, in parentheses. */
  readonly row: string;
  /** The parameters of each row. */
  readonly parameters: readonly (readonly SqlValue[])[];
  /** What is returned of a row that was inserted. */
  readonly returning: string;
}

/**
 * Runs statements of a transaction in the order of the calls; `?` stands for a parameter in every dialect. One that
 * fails ends the transaction.
 */
export interface SqlExecutor {
  /** True if the statements of one turn travel together, each complete in itself: none has to wait for another. */
  readonly together: boolean;
  /** The rows of a SELECT, or of a statement that returns rows. */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** The number of rows that a statement changed. */
  execute(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /**
   * The rows of a statement, and where they are fewer than expected those of another, which runs right behind it.
   *
   * @returns `otherwise` is null if the other statement did not run
   */
  queryOr(statement: SqlStatement, rows: number, otherwise: SqlStatement): Promise<GuardedRows>;
}

/** What a statement came to that has another behind it. */
export interface GuardedRows {
  readonly rows: readonly SqlRow[];
  /** Null where the other statement did not run. */
  readonly otherwise: readonly SqlRow[] | null;
}

/**
 * What an error of the database means for a write.
 *
 * `unavailable`: the database is busy or away, and the same statement may succeed later. `contended`: another
 * transaction was in the way and this one was rolled back (deadlock, serialisation); it may be tried again at once.
 * `conflict`: a unique key exists already. `content`: this statement will never succeed.
 */
export type SqlErrorKind = 'unavailable' | 'contended' | 'conflict' | 'content';

/** An UPDATE that tells the rows it changed. */
export interface ReturningUpdate {
  readonly table: string;
  /** The assignments. */
  readonly set: string;
  /** The condition. */
  readonly where: string;
  /** Columns, as the update leaves them. */
  readonly returning: string;
}

/** Where the databases differ in what the stores need. */
export interface SqlDialect extends ColumnDialect {
  /** Parameters that one statement may have. */
  readonly maxParameters: number;
  /** True if no other process can write to the database. */
  readonly exclusive: boolean;
  /** Groups of up to this many writes are sent in one message with their commit; 0: each statement in a message of its own. */
  readonly oneMessageWrites: number;
  /** A statement with `?` for parameters, in the dialect's own form. */
  readonly statement: (sql: string) => string;
  /** The database's clock plus one parameter of milliseconds; null if the parameter is null. */
  readonly nowPlusMs: string;
  /** Makes an UPDATE of its parts. */
  readonly update: (parts: ReturningUpdate) => string;
  /**
   * Inserts rows but those whose key exists.
   *
   * @param otherwise runs behind it where fewer rows were inserted than there are
   */
  readonly insertNew: (sql: SqlExecutor, rows: NewRows, otherwise: SqlStatement) => Promise<GuardedRows>;
  /** Ends a SELECT that has an ORDER BY after as many rows as its parameter says. */
  readonly limit: string;
  /** Bytes of a text column, 0 if it is null, without reading the text. */
  readonly bytesIn: (column: string) => string;
  readonly errorKind: (error: unknown) => SqlErrorKind;
}
