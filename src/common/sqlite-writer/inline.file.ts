import BetterSqlite3, { type Database, type Statement } from 'better-sqlite3';
import type {
  GuardedStatement,
  SqliteWriterOptions,
  WriterResult,
  WriterRow,
  WriterStatement,
} from './sqlite-writer.types.js';

/**
 * Statements and parameters of a group, together: larger ones hold up the event loop longer than the way to the thread
 * and back takes. Two rows of the trail are just below it.
 */
const MAX_SIZE = 64;

/**
 * A commit that takes longer holds up the event loop too long, in ms; the thread has all groups then for a while. Less
 * would take a neighbour on the processor for a slow disk.
 */
const SLOW_MS = 10;
const THREAD_ONLY_MS = 250;

/**
 * A second connection to the file, for a group that meets an idle thread: on a quick disk its commit takes less time than
 * the way to the thread and back.
 */
export class InlineFile {
  private db: Database | null = null;
  /** By text; small groups have few. */
  private readonly statements = new Map<string, Statement<unknown[], WriterRow>>();
  private notBefore = 0;

  constructor(private readonly options: SqliteWriterOptions) {}

  takes(statements: readonly GuardedStatement[]): boolean {
    if (performance.now() < this.notBefore) return false;
    let size = 0;
    for (const { parameters } of statements) size += 1 + parameters.length;
    return size <= MAX_SIZE;
  }

  /** Makes statements durable in one transaction, now. @throws what SQLite says; nothing is written then */
  write(statements: readonly GuardedStatement[]): readonly WriterResult[] {
    const began = performance.now();
    const db = (this.db ??= this.open());
    try {
      this.prepared('BEGIN IMMEDIATE').run();
      const results = statements.map((statement) => this.run(statement));
      this.prepared('COMMIT').run();
      return results;
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    } finally {
      const ended = performance.now();
      if (ended - began > SLOW_MS) this.notBefore = ended + THREAD_ONLY_MS;
    }
  }

  close(): void {
    this.db?.close();
    this.db = null;
    this.statements.clear();
  }

  private open(): Database {
    const { path, pragmas } = this.options;
    // The event loop waits for no other process; who writes tries again, or the thread waits.
    const db = new BetterSqlite3(path, { fileMustExist: true, timeout: 0 });
    for (const pragma of ['synchronous = FULL', ...pragmas]) db.pragma(pragma);
    return db;
  }

  private run({ otherwise, ...statement }: GuardedStatement): WriterResult {
    const { rows, changes } = this.runOne(statement);
    const found = rows.length === 0 ? changes : rows.length;
    const runsOther = otherwise !== undefined && found < otherwise.rows;
    return { rows, changes, otherwise: runsOther ? this.runOne(otherwise.statement).rows : null };
  }

  private runOne({ sql, parameters }: WriterStatement): Omit<WriterResult, 'otherwise'> {
    const statement = this.prepared(sql);
    if (statement.reader) return { rows: statement.all(parameters), changes: 0 };
    return { rows: [], changes: statement.run(parameters).changes };
  }

  private prepared(sql: string): Statement<unknown[], WriterRow> {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const db = (this.db ??= this.open());
    const statement = db.prepare<unknown[], WriterRow>(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}
