import type { DatabaseServerConfig } from '../../../src/config/index.js';
import { createMssqlDialect } from '../../../src/database/server/mssql.dialect.js';
import type { ServerDialect } from '../../../src/database/server/server.dialect.js';
import { type TdsExchange, type TdsReply, TdsServer, type TdsServerOptions } from './tds.server.js';
import type { TdsLogin } from './tds.request.js';
import type { TdsFault } from './tds.tokens.js';
import type { TdsParameter } from './tds.types.js';

/** A statement as SQL Server got it; transactions are `BEGIN`, `COMMIT`, `ROLLBACK`. */
export interface CapturedStatement {
  readonly sql: string;
  readonly parameters: readonly TdsParameter[];
  /** The number of the connection on which it came. */
  readonly connection: number;
}

/** An error as SQL Server sends it, with its number. */
export interface ServerError extends TdsFault {
  /** The transaction is gone with it. */
  readonly rollsBack: boolean;
}

/** What the server is to answer: rows, an error, nothing in one of three ways, or undefined for no rows. */
export type CapturedAnswer = (
  statement: CapturedStatement,
) => readonly object[] | ServerError | Extract<TdsReply, string> | undefined;

/** Deadlock victim and conflicts of snapshot isolation: the server has ended the transaction. */
const ROLLS_BACK: ReadonlySet<number> = new Set([1205, 3960, 3961]);

/** A server that takes every statement down and answers by a script; what asks it is the real driver. */
export class CapturedMssql {
  answer: CapturedAnswer = () => undefined;
  /** Faults of a login. */
  login: (login: TdsLogin, connection: number) => readonly TdsFault[] = () => [];

  private listening: TdsServer | null = null;

  static async open(options: TdsServerOptions = {}): Promise<CapturedMssql> {
    const capture = new CapturedMssql();
    const login: CapturedMssql['login'] = (given, connection) => capture.login(given, connection);
    capture.listening = await TdsServer.open(
      { login, answer: (exchange) => capture.reply(exchange) },
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

  /** Settings by which the server is reached. */
  config(changes: Partial<DatabaseServerConfig> = {}): DatabaseServerConfig {
    return {
      type: 'mssql',
      host: '127.0.0.1',
      port: this.server.port,
      name: 'camunda_api',
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

  /** What was asked since the last time, without what TypeORM asks of a server by itself. */
  take(): readonly CapturedStatement[] {
    return this.server.exchanges
      .splice(0)
      .filter(({ sql }) => !/DB_NAME\(\) AS "db_name"|SCHEMA_NAME\(\)|^SELECT 1\b/.test(sql));
  }

  close(): Promise<void> {
    return this.server.close();
  }

  private reply(exchange: TdsExchange): TdsReply | undefined {
    // The pool asks whether a connection is alive.
    if (exchange.sql === 'SELECT 1;') return { results: [{ rows: [{ one: 1 }], count: 1 }] };
    const answer = this.answer(exchange) ?? defaultAnswer(exchange.sql);
    if (answer === undefined) return undefined;
    if (typeof answer === 'string') return answer;
    if ('number' in answer) return { faults: [answer], rollsBack: answer.rollsBack };
    const returnsRows = answer.length > 0 || /^SELECT\b|\bOUTPUT\b/.test(exchange.sql);
    return { results: [{ rows: returnsRows ? answer : null, count: answer.length }] };
  }
}

function defaultAnswer(sql: string): readonly object[] | undefined {
  if (sql.includes('DB_NAME() AS "db_name"')) return [{ db_name: 'camunda_api' }];
  if (sql.includes('SCHEMA_NAME()')) return [{ schema_name: 'dbo' }];
  return sql.startsWith('SELECT') ? [] : undefined;
}

/** An error as SQL Server sends it. @param severity 1 to 25 */
export function serverError(number: number, severity = 14, message = `error ${number}`): ServerError {
  return { number, message, severity, rollsBack: ROLLS_BACK.has(number) };
}
