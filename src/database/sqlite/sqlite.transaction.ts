import type { GuardedStatement, OpenTransaction, SqliteWriter } from '../../common/sqlite-writer/index.js';
import type { SqlExecutor } from '../sql.dialect.js';
import {
  type IssuedStatement,
  issueInOneMessage,
  settle,
  StatementCollector,
} from '../statement.collector.js';

/** The SQLite dialect has no typed parameters. */
function plain(statements: readonly IssuedStatement[]): readonly GuardedStatement[] {
  return statements as readonly GuardedStatement[];
}

/** Runs work that issues all its statements before it waits for the first result, in one message with the commit. */
export function writeInOneMessage<T>(
  writer: SqliteWriter,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  return issueInOneMessage((statements) => writer.write(plain(statements)), work);
}

/** A transaction whose work waits for results; statements of one turn of the event loop are sent together. */
export class SqliteTransaction {
  private failure: Error | null = null;
  private readonly collector = new StatementCollector(() => {
    queueMicrotask(() => {
      this.flush();
    });
  });

  constructor(private readonly open: OpenTransaction) {}

  /** @returns the result of the work, after the commit @throws errors of the work or of SQLite, after the rollback */
  async run<T>(work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
    try {
      const result = await work(this.collector);
      this.flush();
      await this.open.commit();
      if (this.failure !== null) throw this.failure;
      return result;
    } catch (error) {
      // The caller gets the error of the transaction; a connection that cannot roll back fails at its next use.
      await this.open.rollback().catch(() => undefined);
      throw error;
    }
  }

  private flush(): void {
    const issued = this.collector.take();
    if (issued.length === 0) return;
    const results = this.open.run(plain(issued.map(({ statement }) => statement)));
    results.catch((error: unknown) => {
      this.failure ??= error as Error;
    });
    settle(issued, results);
  }
}
