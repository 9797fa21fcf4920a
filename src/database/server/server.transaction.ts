import type { DataSource, QueryRunner } from 'typeorm';
import type { GuardedRows, SqlExecutor, SqlRow, SqlStatement, SqlValue } from '../sql.dialect.js';
import type { ServerDialect } from './server.dialect.js';

/** The result of a statement. */
interface StatementResult {
  readonly rows: readonly SqlRow[];
  readonly changes: number;
}

/** Runs one statement on a connection. */
export async function runStatement(
  runner: QueryRunner,
  dialect: ServerDialect,
  sql: string,
  parameters: readonly SqlValue[],
): Promise<StatementResult> {
  const result = await runner.query(dialect.statement(sql), parameters.map(dialect.bind), true);
  // Absent if a statement never returns rows.
  const records = result.records as SqlRow[] | undefined;
  return { rows: records ?? [], changes: result.affected ?? 0 };
}

/** Runs statements one after the other: a connection takes one at a time, and some drivers do not queue. */
class ServerExecutor implements SqlExecutor {
  readonly together = false;
  private last: Promise<unknown> = Promise.resolve();
  /** The error that ended the transaction. No further statement is sent, because each might wait as long again. */
  private failure: Error | null = null;

  constructor(
    private readonly runner: QueryRunner,
    private readonly dialect: ServerDialect,
  ) {}

  async query(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return (await this.run(sql, parameters)).rows;
  }

  async execute(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return (await this.run(sql, parameters)).changes;
  }

  async queryOr(statement: SqlStatement, rows: number, otherwise: SqlStatement): Promise<GuardedRows> {
    const found = await this.query(statement.sql, statement.parameters);
    if (found.length >= rows) return { rows: found, otherwise: null };
    return { rows: found, otherwise: await this.query(otherwise.sql, otherwise.parameters) };
  }

  /** Resolves when no issued statement runs any more. */
  async settled(): Promise<void> {
    await this.last.catch(() => undefined);
  }

  private run(sql: string, parameters: readonly SqlValue[]): Promise<StatementResult> {
    const result = this.last.catch(() => undefined).then(() => this.send(sql, parameters));
    this.last = result;
    return result;
  }

  private async send(sql: string, parameters: readonly SqlValue[]): Promise<StatementResult> {
    if (this.failure !== null) throw this.failure;
    try {
      return await runStatement(this.runner, this.dialect, sql, parameters);
    } catch (error) {
      // The dialect handles an existing key: if only the statement is undone, the transaction continues.
      if (this.dialect.errorKind(error) !== 'conflict') this.failure = error as Error;
      throw error;
    }
  }
}

/**
 * Runs work in a transaction on its own connection.
 *
 * @returns the result of the work, after the commit @throws errors of the work, the server or the network
 */
export async function inServerTransaction<T>(
  dataSource: DataSource,
  dialect: ServerDialect,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  const executor = new ServerExecutor(runner, dialect);
  try {
    await runner.startTransaction();
    const result = await work(executor);
    await executor.settled();
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await executor.settled();
    await rollBack(runner, dialect, error);
    throw error;
  } finally {
    await runner.release();
  }
}

/** Rolls back. The caller throws the error of the transaction; if the rollback fails, the connection is closed. */
async function rollBack(runner: QueryRunner, dialect: ServerDialect, error: unknown): Promise<void> {
  const isLost = dialect.errorKind(error) === 'unavailable';
  try {
    if (isLost) await dropConnection(runner);
    else if (runner.isTransactionActive) await runner.rollbackTransaction();
  } catch {
    // The server rolls back the transaction of a closed connection.
    await dropConnection(runner).catch(() => undefined);
  }
}

/**
 * Closes the connection of a runner, so that the pool does not reuse it: its server does not answer, or a statement still
 * runs on it.
 */
export async function dropConnection(runner: QueryRunner): Promise<void> {
  if (runner.isReleased) return;
  const connection = (await runner.connect()) as { end?: () => unknown } | undefined;
  // Only `pg` exposes the connection; `mssql` manages its own.
  if (typeof connection?.end === 'function') void Promise.resolve(connection.end()).catch(() => undefined);
  else if (runner.isTransactionActive) await runner.rollbackTransaction();
}
