import type { ColumnDialect, SqlRow, SqlValue } from '../common/columns/index.js';

export type { SqlRow, SqlValue };

/** A statement; `?` stands for a parameter in every dialect. */
export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/** Rows to insert unless their key exists. */
export interface NewRows {
  readonly table: string;
  readonly columns: string;
  /** The values of one row, in parentheses. */
  readonly row: string;
  /** The parameters of each row. */
  readonly parameters: readonly (readonly SqlValue[])[];
  /** The columns to return of an inserted row. */
  readonly returning: string;
}

/**
 * Runs statements of a transaction in the order of the calls; `?` stands for a parameter in every dialect. One that
 * fails ends the transaction.
 */
export interface SqlExecutor {
  /** True if the statements of one turn of the event loop are sent together, so that none has to wait for another. */
  readonly together: boolean;
  /** The rows of a SELECT, or of a statement that returns rows. */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** The number of rows that a statement changed. */
  execute(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /**
   * The rows of a statement, and if they are fewer than expected those of another, which runs right after it.
   *
   * @returns `otherwise` is null if the other statement did not run
   */
  queryOr(statement: SqlStatement, rows: number, otherwise: SqlStatement): Promise<GuardedRows>;
}

/** The result of a statement that has another after it. */
export interface GuardedRows {
  readonly rows: readonly SqlRow[];
  /** Null if the other statement did not run. */
  readonly otherwise: readonly SqlRow[] | null;
}

/**
 * What an error of the database means for a write.
 *
 * `unavailable`: the database is busy or unavailable, and the same statement may succeed later. `contended`: the
 * transaction conflicted with another one and was rolled back (deadlock, serialisation); it may be repeated immediately.
 * `conflict`: a unique key exists already. `content`: this statement will never succeed.
 */
export type SqlErrorKind = 'unavailable' | 'contended' | 'conflict' | 'content';

/** An UPDATE that returns the changed rows. */
export interface ReturningUpdate {
  readonly table: string;
  /** The assignments. */
  readonly set: string;
  /** The condition. */
  readonly where: string;
  /** The columns to return, with their new values. */
  readonly returning: string;
}

/** The differences between the databases, as far as the stores need them. */
export interface SqlDialect extends ColumnDialect {
  /** Parameters that one statement may have. */
  readonly maxParameters: number;
  /** True if no other process can write to the database. */
  readonly exclusive: boolean;
  /** Groups of up to this many writes are sent in one message with their commit; 0: each statement in a message of its own. */
  readonly oneMessageWrites: number;
  /** Translates a statement with `?` for parameters. */
  readonly statement: (sql: string) => string;
  /** The database's clock plus one parameter of milliseconds; null if the parameter is null. */
  readonly nowPlusMs: string;
  /** Builds an UPDATE. */
  readonly update: (parts: ReturningUpdate) => string;
  /**
   * Inserts rows except those whose key exists.
   *
   * @param otherwise runs right after it if not all rows were inserted
   */
  readonly insertNew: (sql: SqlExecutor, rows: NewRows, otherwise: SqlStatement) => Promise<GuardedRows>;
  /** Limits the rows of a SELECT with ORDER BY to its parameter. */
  readonly limit: string;
  /** Bytes of a text column, 0 if it is null, without reading the text. */
  readonly bytesIn: (column: string) => string;
  readonly errorKind: (error: unknown) => SqlErrorKind;
}
