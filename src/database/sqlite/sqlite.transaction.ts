import type {
  GuardedStatement,
  OpenTransaction,
  SqliteWriter,
  WriterResult,
  WriterValue,
} from '../../common/sqlite-writer/index.js';
import type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from '../sql.dialect.js';

interface Issued {
  readonly statement: GuardedStatement;
  readonly resolve: (result: WriterResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Takes statements as they are issued, and says when the first of a group has come. */
class StatementCollector implements SqlExecutor {
  issued: Issued[] = [];

  constructor(private readonly first: () => void) {}

  async query(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return (await this.issue({ sql, parameters: plain(parameters) })).rows;
  }

  async execute(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return (await this.issue({ sql, parameters: plain(parameters) })).changes;
  }

  queryOr(statement: SqlStatement, rows: number, otherwise: SqlStatement): Promise<WriterResult> {
    return this.issue({
      sql: statement.sql,
      parameters: plain(statement.parameters),
      otherwise: { rows, statement: { sql: otherwise.sql, parameters: plain(otherwise.parameters) } },
    });
  }

  /** What was issued since the last time. */
  take(): readonly Issued[] {
    const { issued } = this;
    this.issued = [];
    return issued;
  }

  private issue(statement: GuardedStatement): Promise<WriterResult> {
    const result = new Promise<WriterResult>((resolve, reject) => {
      this.issued.push({ statement, resolve, reject });
    });
    if (this.issued.length === 1) this.first();
    return result;
  }
}

/** The SQLite dialect names no types, so its parameters are what they stand for. */
function plain(parameters: readonly SqlValue[]): readonly WriterValue[] {
  return parameters as readonly WriterValue[];
}

/** Makes the statements of work durable with one message; it issues all before it waits for the first. */
export async function writeAtOnce<T>(
  writer: SqliteWriter,
  work: (sql: SqlExecutor) => Promise<T>,
): Promise<T> {
  const state: { refusal: Error | null } = { refusal: null };
  const collector = new StatementCollector(() => {
    if (state.refusal !== null) settle(collector.take(), Promise.reject(state.refusal));
  });
  const done = work(collector);
  done.catch((error: unknown) => {
    state.refusal ??= error instanceof Error ? error : new Error(String(error));
  });
  // By then the work has issued what it can without a result, or failed, and nothing of it is written.
  await new Promise((resolve) => {
    process.nextTick(resolve);
  });
  const issued = collector.take();
  if (state.refusal !== null) settle(issued, Promise.reject(state.refusal));
  else if (issued.length > 0) settle(issued, writer.write(issued.map(({ statement }) => statement)));
  state.refusal ??= new Error('A statement came after the commit of its transaction.');
  return done;
}

/** A transaction whose work waits for results before it goes on; statements of a turn travel together. */
export class SqliteTransaction {
  private failure: Error | null = null;
  private readonly collector = new StatementCollector(() => {
    queueMicrotask(() => {
      this.flush();
    });
  });

  constructor(private readonly open: OpenTransaction) {}

  /** @returns what the work returns, after the commit @throws what it or SQLite throws, after the rollback */
  async run<T>(work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
    try {
      const result = await work(this.collector);
      this.flush();
      await this.open.commit();
      if (this.failure !== null) throw this.failure;
      return result;
    } catch (error) {
      // What made the transaction fail is told; a connection that cannot roll back says so at its next use.
      await this.open.rollback().catch(() => undefined);
      throw error;
    }
  }

  private flush(): void {
    const issued = this.collector.take();
    if (issued.length === 0) return;
    const results = this.open.run(issued.map(({ statement }) => statement));
    results.catch((error: unknown) => {
      this.failure ??= error as Error;
    });
    settle(issued, results);
  }
}

function settle(issued: readonly Issued[], results: Promise<readonly WriterResult[]>): void {
  results.then(
    (all) => {
      all.forEach((result, index) => issued[index]?.resolve(result));
    },
    (error: unknown) => {
      for (const { reject } of issued) reject(error);
    },
  );
}
