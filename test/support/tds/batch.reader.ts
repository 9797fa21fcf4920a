import type { TdsParameter } from './tds.types.js';

/** A statement with its own parameters, numbered from 0. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly TdsParameter[];
}

/** A statement of a batch, and the statement that follows if it changes or returns too few rows. */
export interface BatchedStatement {
  readonly statement: Statement;
  readonly rows: number;
  readonly otherwise: Statement | null;
}

/** The statements of a batch that is a whole transaction (`mssql.batch.ts`), in order; null for any other. */
export function readBatch({ sql, parameters }: Statement): readonly BatchedStatement[] | null {
  const body = /^DECLARE [^]*\nBEGIN TRANSACTION;\n([^]*)\nCOMMIT TRANSACTION;\nEND TRY\n/.exec(sql)?.[1];
  if (body === undefined) return null;
  const batch: { statement: Statement; rows: number; otherwise: Statement | null }[] = [];
  for (const line of body.split('\n')) {
    const [, rows, otherwise] = /^IF @n\d+ < (\d+) (.*);$/.exec(line) ?? [];
    const last = batch.at(-1);
    if (otherwise !== undefined && last !== undefined) {
      last.rows = Number(rows);
      last.otherwise = alone(otherwise, parameters);
    } else if (!/^SET @n\d+ = @@ROWCOUNT;$/.test(line)) {
      batch.push({ statement: alone(line.slice(0, -1), parameters), rows: 0, otherwise: null });
    }
  }
  return batch;
}

/** A statement with only its own parameters. */
function alone(sql: string, parameters: readonly TdsParameter[]): Statement {
  const own: TdsParameter[] = [];
  const text = sql.replaceAll(/@(\d+)/g, (_, place: string) => {
    const parameter = parameters[Number(place)];
    if (parameter === undefined) throw new Error(`The batch has no parameter @${place}.`);
    return `@${own.push(parameter) - 1}`;
  });
  return { sql: text, parameters: own };
}
