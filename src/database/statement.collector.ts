import type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from './sql.dialect.js';

/** A statement, with another that runs right after it if it returns fewer rows than expected. */
export interface IssuedStatement extends SqlStatement {
  /** True if it returns rows. */
  readonly returnsRows: boolean;
  readonly otherwise?: { readonly rows: number; readonly statement: SqlStatement };
}

/** The result of a statement. */
export interface StatementResult {
  readonly rows: readonly SqlRow[];
  /** Rows that it changed. */
  readonly changes: number;
  /** The rows of the other statement; null if it did not run. */
  readonly otherwise: readonly SqlRow[] | null;
}

interface Issued {
  readonly statement: IssuedStatement;
  readonly resolve: (result: StatementResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Collects statements as they are issued, and calls back at the first of a group. */
export class StatementCollector implements SqlExecutor {
  readonly together = true;
  private issued: Issued[] = [];

  constructor(private readonly first: () => void) {}

  async query(sql: string, parameters: readonly SqlValue[] = []): Promise<readonly SqlRow[]> {
    return (await this.issue({ sql, parameters, returnsRows: true })).rows;
  }

  async execute(sql: string, parameters: readonly SqlValue[] = []): Promise<number> {
    return (await this.issue({ sql, parameters, returnsRows: false })).changes;
  }

  queryOr(
    { sql, parameters }: SqlStatement,
    rows: number,
    otherwise: SqlStatement,
  ): Promise<StatementResult> {
    return this.issue({ sql, parameters, returnsRows: true, otherwise: { rows, statement: otherwise } });
  }

  /** The statements since the last call. */
  take(): readonly Issued[] {
    const { issued } = this;
    this.issued = [];
    return issued;
  }

  private issue(statement: IssuedStatement): Promise<StatementResult> {
    const result = new Promise<StatementResult>((resolve, reject) => {
      this.issued.push({ statement, resolve, reject });
    });
    if (this.issued.length === 1) this.first();
    return result;
  }
}

/** Commits the statements of work with one message. The work issues all of them before it waits for the first result. */
export async function issueInOneMessage<T>(
  write: (statements: readonly IssuedStatement[]) => Promise<readonly StatementResult[]>,
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
  // By now the work has issued all statements that need no result, or failed. Nothing is written yet.
  await new Promise((resolve) => {
    process.nextTick(resolve);
  });
  const issued = collector.take();
  if (state.refusal !== null) settle(issued, Promise.reject(state.refusal));
  else if (issued.length > 0) {
    const written = write(issued.map(({ statement }) => statement));
    // Later statements fail with the same error.
    written.catch((error: unknown) => {
      state.refusal = error as Error;
    });
    settle(issued, written);
  }
  state.refusal ??= new Error('A statement came after the commit of its transaction.');
  return done;
}

/** Settles statements by their results, or all by the error. */
export function settle(issued: readonly Issued[], results: Promise<readonly StatementResult[]>): void {
  results.then(
    (all) => {
      all.forEach((result, index) => issued[index]?.resolve(result));
    },
    (error: unknown) => {
      for (const { reject } of issued) reject(error);
    },
  );
}
