/** What may stand for a placeholder; times go through {@link SqlDialect.time}. */
export type SqlValue = string | number | null;

/** A row as the driver returns it, by column name. */
export type SqlRow = Readonly<Record<string, unknown>>;

/** A statement; `?` stands for a parameter in every dialect. */
export interface SqlStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

/**
 * Runs statements in the order of the calls; `?` stands for a parameter in every dialect. Statements that are issued
 * without waiting for each other go to the database together. One that fails ends the transaction.
 */
export interface SqlExecutor {
  /** The rows of a SELECT, or of a statement that returns rows. */
  query(sql: string, parameters?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** The number of rows that a statement changed. */
  execute(sql: string, parameters?: readonly SqlValue[]): Promise<number>;
  /**
   * The rows of a statement, and where they are fewer than expected those of another, which runs right behind it.
   *
   * @returns `otherwise` is null where the other statement did not run
   */
  queryOr(
    statement: SqlStatement,
    rows: number,
    otherwise: SqlStatement,
  ): Promise<{ readonly rows: readonly SqlRow[]; readonly otherwise: readonly SqlRow[] | null }>;
}

/**
 * What an error of the database means for a write.
 *
 * `unavailable`: the database is busy or away, and the same statement may succeed later. `conflict`: a unique key
 * exists already. `content`: this statement will never succeed.
 */
export type SqlErrorKind = 'unavailable' | 'conflict' | 'content';

/** Where the databases differ in what the stores need. */
export interface SqlDialect {
  /** Parameters that one statement may have. */
  readonly maxParameters: number;
  /** True where no other process can write to the database. */
  readonly exclusive: boolean;
  /** A statement with `?` for parameters, in the dialect's own form. */
  readonly statement: (sql: string) => string;
  /** A time as parameter. */
  readonly time: (time: Date) => SqlValue;
  /** A time from a column. */
  readonly readTime: (value: unknown) => Date;
  /** The database's clock plus one parameter of milliseconds; null where the parameter is null. */
  readonly nowPlusMs: string;
  /** Ends an INSERT that leaves out rows whose key exists, and makes it return the columns of those it wrote. */
  readonly ignoreConflictsReturning: (columns: string) => string;
  /** Ends an UPDATE or DELETE and makes it return columns of the rows it changed. */
  readonly returning: (columns: string) => string;
  /** Ends a SELECT after as many rows as its parameter says. */
  readonly limit: string;
  readonly errorKind: (error: unknown) => SqlErrorKind;
}
