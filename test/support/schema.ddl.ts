import { EventEmitter } from 'node:events';
import BetterSqlite3 from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { MIGRATIONS, TABLES } from '../../migrations/index.js';
import { createConfiguration } from '../../src/config/index.js';
import { postgresDialect } from '../../src/database/server/postgres.dialect.js';
import { CapturedMssql } from './tds/captured.mssql.js';

/** Databases in the order of the document, with their names. */
export const DDL_DIALECTS = ['SQL Server', 'PostgreSQL', 'SQLite'] as const;

export type DdlDialect = (typeof DDL_DIALECTS)[number];

/** Matches statements that create or change a table or an index of the service. */
const CREATES = new RegExp(`^(CREATE (TABLE|(UNIQUE )?INDEX)|ALTER TABLE)\\b.*\\b(${TABLES.join('|')})\\b`);

/** The statements with which the migrations create the whole schema; no database is connected. */
export async function ddlOf(dialect: DdlDialect): Promise<string> {
  const statements = await { 'SQL Server': mssqlDdl, PostgreSQL: postgresDdl, SQLite: sqliteDdl }[dialect]();
  return statements
    .filter((sql) => CREATES.test(sql))
    .map((sql) => `${readable(sql).trimEnd()};`)
    .join('\n\n');
}

async function mssqlDdl(): Promise<readonly string[]> {
  const capture = await CapturedMssql.open();
  try {
    const options = capture.dialect().dataSourceOptions(capture.config(), 'schema');
    await migrate(new DataSource(options));
    return capture.take().map(({ sql }) => sql);
  } finally {
    await capture.close();
  }
}

async function postgresDdl(): Promise<readonly string[]> {
  const taken: string[] = [];
  const answers: readonly (readonly [RegExp, object])[] = [
    [/version\(\)/, { version: 'PostgreSQL 15.0' }],
    [/current_database\(\)/, { current_database: 'camunda_api' }],
    [/current_schema\(\)/, { current_schema: 'public' }],
  ];
  class Client extends EventEmitter {
    async query(sql: string): Promise<object> {
      taken.push(sql);
      const [, row] = answers.find(([pattern]) => pattern.test(sql)) ?? [];
      return { rows: row === undefined ? [] : [row], rowCount: 0, command: sql.split(' ', 1)[0] };
    }
  }
  class Pool extends EventEmitter {
    connect(done: (error: null, client: Client, release: () => void) => void): void {
      done(null, new Client(), () => undefined);
    }
    end(done: () => void): void {
      done();
    }
  }
  const { server: config } = createConfiguration({
    DB_TYPE: 'postgres',
    DB_HOST: 'unused',
    DB_NAME: 'camunda_api',
    DB_USER: 'api',
    DB_ENCRYPT: 'off',
  }).database;
  if (config === null) throw new Error('There is no configuration of a server.');
  const options = postgresDialect.dataSourceOptions(config, 'schema');
  await migrate(new DataSource(Object.assign(options, { driver: { Pool, Client } })));
  return taken;
}

async function sqliteDdl(): Promise<readonly string[]> {
  const taken: string[] = [];
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    driver: BetterSqlite3,
    migrations: [...MIGRATIONS],
    prepareDatabase: (database: { exec(sql: string): unknown; prepare(sql: string): unknown }) => {
      const prepare = database.prepare.bind(database);
      database.prepare = (sql) => {
        taken.push(sql);
        return prepare(sql);
      };
    },
  });
  await migrate(dataSource);
  return taken;
}

async function migrate(dataSource: DataSource): Promise<void> {
  await dataSource.initialize();
  await dataSource.runMigrations();
  await dataSource.destroy();
}

/** One column per line. */
function readable(sql: string): string {
  if (!sql.startsWith('CREATE TABLE')) return sql;
  const [, head = '', columns = ''] = /^(CREATE TABLE \S+) \((.*)\)\s*$/s.exec(sql) ?? [];
  return `${head} (\n${splitColumns(columns)
    .map((column) => `  ${column.trim().replaceAll(/\s+/g, ' ')}`)
    .join(',\n')}\n)`;
}

/** Splits at the commas outside of parentheses. */
function splitColumns(columns: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of columns) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts;
}
