import { type CapturedAnswer, type CapturedStatement, serverError } from './captured.mssql.js';
import type { TdsParameter } from './tds.types.js';

type Row = Record<string, unknown>;

/** The rows of `process_store` in memory, with the part of SQL that a service needs to run one process. */
export class ProcessRows {
  readonly rows = new Map<string, Row>();

  /** Executes statements on `process_store`; all leases are free, and all other tables are empty. */
  readonly answer: CapturedAnswer = (statement) => {
    const { sql } = statement;
    if (/^(INSERT INTO|UPDATE) work_lease /.test(sql)) return [{ fence: 1 }];
    if (sql.startsWith('INSERT INTO process_store (')) return this.insert(statement);
    if (sql.startsWith('UPDATE process_store SET')) return this.update(statement);
    if (sql.includes('COUNT(*) AS unresolved')) return [{ unresolved: 0 }];
    if (/^SELECT correlation_id, .* FROM process_store WHERE correlation_id (=|IN) /.test(sql))
      return statement.parameters
        .map(({ value }) => this.rows.get(String(value)))
        .filter((row) => row !== undefined);
    return undefined;
  };

  private insert({ sql, parameters }: CapturedStatement): ReturnType<CapturedAnswer> {
    const columns = /\(([^)]*)\)/.exec(sql)?.[1]?.split(', ') ?? [];
    const made: Row[] = [];
    for (let from = 0; from < parameters.length; from += columns.length) {
      const row: Row = { cancel_requested_at: null };
      columns.forEach((column, index) => {
        const value = parameters[from + index]?.value ?? null;
        const isLater = /^start_(lease_until|next_at|last_attempt_at)$/.test(column);
        row[column] = isLater && value !== null ? later(value) : value;
      });
      made.push(row);
    }
    const ids = made.map((row) => String(row.correlation_id));
    if (ids.some((id) => this.rows.has(id))) return serverError(2627);
    made.forEach((row, index) => this.rows.set(ids[index] ?? '', row));
    return made;
  }

  private update({ sql, parameters }: CapturedStatement): ReturnType<CapturedAnswer> {
    const [, set = '', where = ''] = / SET (.*) OUTPUT .* WHERE (.*)$/.exec(sql) ?? [];
    const conditions = [
      ...where.matchAll(
        /\b(?:COALESCE\()?(correlation_id|version|claim_id|start_owner|start_fence)(?:, 0\))? = @(\d+)/g,
      ),
    ];
    const valueAt = (place: string | undefined): TdsParameter['value'] =>
      parameters[Number(place)]?.value ?? null;
    const id = conditions.find(([, column]) => column === 'correlation_id')?.[2];
    const row = id === undefined ? undefined : this.rows.get(String(valueAt(id)));
    if (row === undefined || conditions.some(([, column = '', place]) => row[column] !== valueAt(place)))
      return id === undefined ? undefined : [];
    for (const assignment of split(set)) {
      const [column = '', ...rest] = assignment.split(' = ');
      row[column] = valueOf(rest.join(' = '), row, valueAt);
    }
    return [row];
  }
}

/** @throws Error for an expression that the statements of one process do not contain */
function valueOf(expression: string, row: Row, valueAt: (place: string | undefined) => unknown): unknown {
  const [, kept, otherwise] = /^COALESCE\((\w+), (.*)\)$/.exec(expression) ?? [];
  if (kept !== undefined) return row[kept] ?? valueOf(otherwise ?? '', row, valueAt);
  const [, counted, more] = /^(\w+) \+ (\d+)$/.exec(expression) ?? [];
  if (counted !== undefined) return Number(row[counted]) + Number(more);
  const place = /^@(\d+)$/.exec(expression)?.[1];
  if (place !== undefined) return valueAt(place);
  const ms = /^DATEADD\(millisecond, CAST\(@(\d+) AS int\)/.exec(expression)?.[1];
  if (ms !== undefined) return later(valueAt(ms));
  if (/^\d+$/.test(expression)) return Number(expression);
  // Columns of a cancel, which does not occur here.
  if (expression === 'NULL' || expression.startsWith('CASE WHEN cancel_requested_at IS NOT NULL'))
    return null;
  throw new Error(`The rows in memory do not know ${expression}.`);
}

function later(ms: unknown): Date {
  return new Date(Date.now() + Number(ms));
}

/** Splits at the commas outside of parentheses. */
function split(list: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of list) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts.map((part) => part.trim());
}
