import type { SqlDialect, SqlExecutor, SqlRow, SqlValue } from './sql.dialect.js';

/**
 * The open database, used inside `database/` only: the write queue writes, all other code reads through
 * `DatabaseService`.
 */
export abstract class DatabaseConnection {
  private soleUseTaken = false;

  /** @param hasReplica lists are searched on another server */
  protected constructor(
    readonly dialect: SqlDialect,
    readonly hasReplica = false,
  ) {}

  /** True for the first call if a lock excludes all other processes. */
  takeSoleUse(): boolean {
    const isFirst = this.dialect.exclusive && !this.soleUseTaken;
    this.soleUseTaken = true;
    return isFirst;
  }

  /** The time by the clock of the database, to about the duration of a query. */
  now(): Date {
    return new Date(Date.now());
  }

  /** The rows of a SELECT; it sees only committed state. */
  abstract read(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]>;

  /** The rows of a SELECT as a replica has them, which may be older; those of {@link read} without a replica. */
  readReplica(sql: string, parameters: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.read(sql, parameters);
  }

  /** The number of migrations applied. */
  abstract schemaVersion(): Promise<number>;

  /**
   * Runs work in one transaction. When the promise resolves, all writes are durable; when it rejects, none is, unless the
   * connection was lost during the commit. One transaction at a time.
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
