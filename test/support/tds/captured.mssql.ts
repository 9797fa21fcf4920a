import type { DatabaseServerConfig } from '../../../src/config/index.js';
import { createMssqlDialect } from '../../../src/database/server/mssql.dialect.js';
import type { ServerDialect } from '../../../src/database/server/server.dialect.js';
import { type BatchedStatement, readBatch, type Statement } from './batch.reader.js';
import {
  type TdsExchange,
  type TdsReply,
  type TdsResult,
  type TdsRoute,
  TdsServer,
  type TdsServerOptions,
} from './tds.server.js';
import type { TdsLogin } from './tds.request.js';
import type { TdsFault } from './tds.tokens.js';
import type { TdsParameter } from './tds.types.js';

/** A statement that SQL Server received; transactions are `BEGIN`, `COMMIT`, `ROLLBACK`. */
export interface CapturedStatement {
  readonly sql: string;
  readonly parameters: readonly TdsParameter[];
  /** The number of its connection. */
  readonly connection: number;
}

/** An error as SQL Server sends it, with its number. */
export interface ServerError extends TdsFault {
  /** Whether the error ends the transaction. */
  readonly rollsBack: boolean;
}

/** The answer of the server: rows, an error, one of three kinds of silence, or undefined for no rows. */
export type CapturedAnswer = (
  statement: CapturedStatement,
) => readonly object[] | ServerError | Extract<TdsReply, string> | undefined;

/** Deadlock victim and conflicts of snapshot isolation: the server has rolled the transaction back. */
const ROLLS_BACK: ReadonlySet<number> = new Set([1205, 3960, 3961]);

/** A server for the real driver that records every statement and answers as a script says. */
export class CapturedMssql {
  answer: CapturedAnswer = () => undefined;
  /** Number of commits that are executed and whose answers are lost with their connections. */
  lostCommits = 0;
  /** Awaited before the answer to a statement. */
  delay: (statement: CapturedStatement) => Promise<void> = () => Promise.resolve();
  /** Errors of a login. */
  login: (login: TdsLogin, connection: number) => readonly TdsFault[] = () => [];

  /** The server to which a login is routed instead; null: this one. */
  route: (login: TdsLogin) => TdsRoute | null = () => null;

  private listening: TdsServer | null = null;

  static async open(options: TdsServerOptions = {}): Promise<CapturedMssql> {
    const capture = new CapturedMssql();
    const login: CapturedMssql['login'] = (given, connection) => capture.login(given, connection);
    capture.listening = await TdsServer.open(
      {
        login,
        route: (given) => capture.route(given),
        answer: async (exchange) => {
          await capture.delay(exchange);
          return capture.reply(exchange);
        },
      },
      options,
    );
    return capture;
  }

  get server(): TdsServer {
    if (this.listening === null) throw new Error('The server is not open.');
    return this.listening;
  }

  dialect(schema: string | null = null): ServerDialect {
    return createMssqlDialect(schema);
  }

  /** Settings for a connection to the server. */
  config(changes: Partial<DatabaseServerConfig> = {}): DatabaseServerConfig {
    return {
      type: 'mssql',
      host: this.server.options.host ?? '127.0.0.1',
      port: this.server.port,
      instance: null,
      multiSubnetFailover: false,
      replicaHost: null,
      name: 'camunda_api',
      auth: { mode: 'sql' },
      user: 'api',
      password: 'secret',
      schema: null,
      encrypt: this.server.options.context !== undefined,
      trustServerCertificate: false,
      caFile: null,
      poolMax: 4,
      connectTimeoutMs: 10_000,
      statementTimeoutMs: 10_000,
      bootTimeoutMs: 0,
      migrate: true,
      ...changes,
    };
  }

  /**
   * The statements since the last call, without those that TypeORM sends by itself. A batch that is a transaction is
   * returned as its statements between `BEGIN` and `COMMIT`.
   */
  take(): readonly CapturedStatement[] {
    return this.server.exchanges
      .splice(0)
      .flatMap((exchange) => expanded(exchange))
      .filter(({ sql }) => !/DB_NAME\(\) AS "db_name"|SCHEMA_NAME\(\)|^SELECT 1\b/.test(sql));
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private reply(exchange: TdsExchange): TdsReply | undefined {
    const batch = readBatch(exchange);
    const reply = batch === null ? this.replyTo(exchange) : this.replyToBatch(batch, exchange.connection);
    if (this.lostCommits === 0 || (batch === null && exchange.sql !== 'COMMIT')) return reply;
    this.lostCommits -= 1;
    return 'cut';
  }

  private replyTo(statement: CapturedStatement): TdsReply | undefined {
    const answer = this.answer(statement) ?? defaultAnswer(statement.sql);
    if (answer === undefined) return undefined;
    if (typeof answer === 'string') return answer;
    if ('number' in answer) return { faults: [answer], rollsBack: answer.rollsBack };
    const returnsRows = answer.length > 0 || /^SELECT\b|\bOUTPUT\b/.test(statement.sql);
    return { results: [{ rows: returnsRows ? answer : null, count: answer.length }] };
  }

  private replyToBatch(batch: readonly BatchedStatement[], connection: number): TdsReply | undefined {
    const results: TdsResult[] = [];
    const counts: Record<string, number> = {};
    const run = (statement: Statement): TdsReply | TdsResult => {
      const reply = this.replyTo({ ...statement, connection }) ?? { results: [] };
      if (typeof reply === 'string' || 'faults' in reply) return reply;
      return reply.results[0] ?? { rows: /\bOUTPUT\b/.test(statement.sql) ? [] : null, count: 0 };
    };
    for (const [place, { statement, rows, otherwise }] of batch.entries()) {
      for (const each of [statement, otherwise]) {
        if (each === null || (each === otherwise && (counts[`n${place}`] ?? 0) >= rows)) continue;
        const result = run(each);
        if (typeof result === 'string' || !('count' in result)) return result;
        results.push(result);
        if (each === statement) counts[`n${place}`] = result.count;
      }
    }
    return { results: [...results, { rows: [counts], count: 1 }] };
  }
}

/** The statements of a batch with the beginning and the end of its transaction; any other statement unchanged. */
function expanded(exchange: TdsExchange): readonly CapturedStatement[] {
  const { connection } = exchange;
  const batch = readBatch(exchange);
  if (batch === null) return [exchange];
  const said = batch
    .flatMap(({ statement, otherwise }) => [statement, otherwise])
    .filter((each) => each !== null);
  return [
    { sql: 'BEGIN', parameters: [], connection },
    ...said.map((statement) => ({ ...statement, connection })),
    { sql: 'COMMIT', parameters: [], connection },
  ];
}

function defaultAnswer(sql: string): readonly object[] | undefined {
  if (sql.includes('DB_NAME() AS "db_name"')) return [{ db_name: 'camunda_api' }];
  if (sql.includes('SCHEMA_NAME()')) return [{ schema_name: 'dbo' }];
  // The comparison of the clocks.
  if (sql.endsWith(' AS now')) return [{ now: new Date() }];
  return sql.startsWith('SELECT') ? [] : undefined;
}

/** An error as SQL Server sends it. @param severity 1 to 25 */
export function serverError(number: number, severity = 14, message = `error ${number}`): ServerError {
  return { number, message, severity, rollsBack: ROLLS_BACK.has(number) };
}
