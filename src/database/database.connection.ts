import type { SqlDialect, SqlExecutor, SqlRow, SqlValue } from './sql.dialect.js';

/**
 * The open database. Stays inside `database/`: the write queue alone writes, everything else reads through
 * `DatabaseService`.
 */
export abstract class DatabaseConnection {
  private soleUseTaken = false;

  protected constructor(readonly dialect: SqlDialect) {}

  /** True for the first call where a lock keeps every other process away. */
  takeSoleUse(): boolean {
    const isFirst = this.dialect.exclusive && !this.soleUseTaken;
    this.soleUseTaken = true;
    return isFirst;
  }

  /** The rows of a SELECT; it sees only what is committed. */
  abstract read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]>;

  /** The number of migrations applied. */
  abstract schemaVersion(): Promise<number>;

  /**
   * Runs work in one transaction: what it wrote is durable when this settles, or nothing is. One at a time.
   *
   * @param options.oneMessage the work issues all its statements before it waits for the first result; a database that
   *   takes a transaction in one message gets it so
   */
  abstract transaction<T>(
    work: (sql: SqlExecutor) => Promise<T>,
    options?: { readonly oneMessage?: boolean },
  ): Promise<T>;

  abstract close(): Promise<void>;
}
