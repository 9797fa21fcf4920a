import { EventEmitter } from 'node:events';
import mssql from 'mssql';
import type { DatabaseServerConfig } from '../../config/index.js';
import { createMssqlDialect } from '../server/mssql.dialect.js';
import type { ServerDialect } from '../server/server.dialect.js';

/** A parameter as it would go to SQL Server. */
export interface CapturedParameter {
  /** Such as `VarChar(255)`, `NVarChar(MAX)`, `DateTime2(3)`, `Int`. */
  readonly type: string;
  readonly value: unknown;
}

/** A statement as it would go to SQL Server; transactions are `BEGIN`, `COMMIT`, `ROLLBACK`. */
export interface CapturedStatement {
  readonly sql: string;
  readonly parameters: readonly CapturedParameter[];
}

/** What the server is to answer: rows, an error to throw, or undefined for no rows. */
export type CapturedAnswer = (statement: CapturedStatement) => readonly object[] | Error | undefined;

interface CapturedType {
  readonly type?: unknown;
  readonly length?: number;
  readonly scale?: number;
}

/** What of `mssql` TypeORM uses, with nobody behind it: takes every statement down, and answers as it is told. */
export class CapturedMssql {
  readonly statements: CapturedStatement[] = [];
  answer: CapturedAnswer = () => undefined;

  /** The dialect of SQL Server over this driver. */
  dialect(schema: string | null): ServerDialect {
    const dialect = createMssqlDialect(schema);
    return {
      ...dialect,
      dataSourceOptions: (config, purpose) =>
        Object.assign(dialect.dataSourceOptions(config, purpose), { driver: driverOf(this) }),
    };
  }

  /** Settings of a server that is never reached. */
  config(changes: Partial<DatabaseServerConfig> = {}): DatabaseServerConfig {
    return {
      type: 'mssql',
      host: 'sql.example',
      port: 1433,
      name: 'camunda_api',
      user: 'api',
      password: 'secret',
      schema: null,
      encrypt: true,
      trustServerCertificate: false,
      caFile: null,
      poolMax: 4,
      connectTimeoutMs: 1_000,
      statementTimeoutMs: 1_000,
      bootTimeoutMs: 0,
      migrate: true,
      ...changes,
    };
  }

  /** What was sent since the last time, without what TypeORM asks of a server by itself. */
  take(): readonly CapturedStatement[] {
    return this.statements.splice(0).filter(({ sql }) => !/DB_NAME\(\)|SCHEMA_NAME\(\)|^SELECT 1 /.test(sql));
  }

  /** @returns the rows @throws what the answer is, where that is an error */
  run(sql: string, parameters: readonly CapturedParameter[]): readonly object[] {
    const statement = { sql, parameters };
    this.statements.push(statement);
    const answer = this.answer(statement);
    if (answer instanceof Error) throw answer;
    if (answer !== undefined) return answer;
    if (sql.includes('DB_NAME()')) return [{ db_name: 'camunda_api' }];
    if (sql.includes('SCHEMA_NAME()')) return [{ schema_name: 'dbo' }];
    return [];
  }
}

/** The driver that a capture stands behind. */
function driverOf(capture: CapturedMssql): object {
  class Transaction {
    begin(...given: unknown[]): void {
      capture.run('BEGIN', []);
      (given.at(-1) as (error: null) => void)(null);
    }
    commit(done: (error: null) => void): void {
      capture.run('COMMIT', []);
      done(null);
    }
    rollback(done: (error: null) => void): void {
      capture.run('ROLLBACK', []);
      done(null);
    }
  }

  class ConnectionPool extends EventEmitter {
    connect(done: (error: null) => void): this {
      process.nextTick(done, null);
      return this;
    }
    transaction(): Transaction {
      return new Transaction();
    }
    close(done: (error: null) => void): void {
      done(null);
    }
  }

  class Request {
    private readonly parameters: CapturedParameter[] = [];
    input(_name: string, ...rest: readonly unknown[]): void {
      const value = rest.at(-1);
      const type = rest.length > 1 ? (rest[0] as CapturedType) : typeOf(value);
      this.parameters.push({ type: nameOf(type), value });
    }
    async query(sql: string): Promise<object> {
      const recordset = capture.run(sql, this.parameters);
      return { recordset, rowsAffected: [recordset.length] };
    }
  }

  return { ...mssql, ConnectionPool, Request };
}

/** The type that `mssql` gives a value of which nobody says more. */
function typeOf(value: unknown): CapturedType {
  return mssql.getTypeByValue(value);
}

function nameOf(type: CapturedType): string {
  const declared = type.type ?? type;
  const [name] = Object.entries(mssql.TYPES).find(([, each]) => each === declared) ?? ['?'];
  const size = type.length === mssql.MAX ? 'MAX' : (type.length ?? type.scale);
  return size === undefined ? name : `${name}(${size})`;
}

/** An error as SQL Server sends it, with its number. */
export function serverError(number: number, severity = 14): Error {
  return Object.assign(new Error(`error ${number}`), { code: 'EREQUEST', number, class: severity });
}
