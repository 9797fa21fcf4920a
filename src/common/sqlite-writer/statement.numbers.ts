import type { GuardedStatement, WriterResult, WriterRow } from './sqlite-writer.types.js';

/** Statements that both threads remember; above that they start again. */
const MAX_STATEMENTS = 400;

interface Known {
  readonly number: number;
  /** Null until the thread has sent them. */
  columns: readonly string[] | null;
}

/** Numbers the texts of statements, so that each text is sent to the thread only once. */
export class StatementNumbers {
  private readonly known = new Map<string, Known>();
  private forgotten = false;

  /** Both sides forget all numbers with the next statements. */
  forget(): void {
    this.known.clear();
    this.forgotten = true;
  }

  /** Encodes statements as one list. `forget`: the thread has to drop all numbers first. */
  encode(statements: readonly GuardedStatement[]): {
    readonly forget: boolean;
    readonly definitions: readonly (readonly [number: number, sql: string])[];
    readonly wire: readonly unknown[];
  } {
    if (this.known.size > MAX_STATEMENTS) this.forget();
    const forget = this.forgotten;
    this.forgotten = false;
    const definitions: [number, string][] = [];
    const numberOf = (sql: string): number => {
      const known = this.known.get(sql);
      if (known !== undefined) return known.number;
      const number = this.known.size;
      this.known.set(sql, { number, columns: null });
      definitions.push([number, sql]);
      return number;
    };
    const wire: unknown[] = [];
    for (const { sql, parameters, otherwise } of statements) {
      wire.push(numberOf(sql), otherwise?.rows ?? 0, parameters.length, ...parameters);
      if (otherwise === undefined) continue;
      const { statement } = otherwise;
      wire.push(numberOf(statement.sql), 0, statement.parameters.length, ...statement.parameters);
    }
    return { forget, definitions, wire };
  }

  /** Decodes the answer of the thread to these statements. */
  decode(statements: readonly GuardedStatement[], results: readonly unknown[]): readonly WriterResult[] {
    let at = 0;
    return statements.map(({ sql, otherwise }): WriterResult => {
      const result = results[at++];
      const after = otherwise === undefined ? null : results[at++];
      return {
        changes: typeof result === 'number' ? result : 0,
        rows: this.rowsOf(sql, result),
        otherwise:
          otherwise === undefined || after === null ? null : this.rowsOf(otherwise.statement.sql, after),
      };
    });
  }

  private rowsOf(sql: string, result: unknown): readonly WriterRow[] {
    if (typeof result === 'number') return [];
    const [sent, ...rows] = result as readonly (readonly unknown[] | null)[];
    const known = this.known.get(sql);
    if (sent !== null && known !== undefined) known.columns = sent as readonly string[];
    const columns = (sent ?? known?.columns ?? []) as readonly string[];
    return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row?.[index]])));
  }
}
