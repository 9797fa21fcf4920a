// The database of the chaos tests: its faults, and the queries of its tables at the end.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import mssql from 'mssql';
import pg from 'pg';
import { startCluster } from '../db/postgres.cluster.mjs';
import { createTestDatabase, isConfigured } from '../db/server.mjs';

/** Opens the database of `--db`. @throws Error for a SQL Server without its variables */
export function openDatabase(kind, dataDir) {
  if (kind === 'postgres') return openPostgres();
  return kind === 'mssql' ? openMssql() : openSqlite(dataDir);
}

function openSqlite(dataDir) {
  const path = join(dataDir, 'fastify-camunda.sqlite');
  return {
    env: {},
    disturbance: 'locked',
    /** Blocks all writers for a time, like a backup or a manual transaction. */
    disturb: async (ms) => {
      const database = new Database(path, { timeout: 5_000 });
      try {
        database.exec('BEGIN IMMEDIATE');
        await delay(ms);
        database.exec('ROLLBACK');
      } finally {
        database.close();
      }
    },
    rows: async (sql) => {
      const database = new Database(path, { readonly: true });
      try {
        return database.prepare(sql).all();
      } finally {
        database.close();
      }
    },
    close: async () => undefined,
  };
}

async function openPostgres() {
  const cluster = await startCluster();
  const { host, port, user } = cluster;
  const rows = async (sql) => {
    const client = new pg.Client({ host, port, user, database: 'postgres' });
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  };
  return {
    env: {
      DB_TYPE: 'postgres',
      DB_HOST: host,
      DB_PORT: String(port),
      DB_NAME: 'postgres',
      DB_USER: user,
      DB_STATEMENT_TIMEOUT_MS: '3000',
    },
    disturbance: 'killed',
    /** Kills the server and lets it recover after a time. */
    disturb: (ms) => cluster.restart(ms),
    /** Ends the connections of all clients, also in a transaction. @returns how many */
    cut: async () => {
      const cuts = await rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
      return cuts.length;
    },
    rows,
    close: () => cluster.remove(),
  };
}

async function openMssql() {
  if (!isConfigured('mssql')) throw new Error('Set TEST_MSSQL_HOST to the SQL Server to test on.');
  const { variables, drop } = await createTestDatabase('mssql');
  const { TEST_DB_HOST, TEST_DB_PORT, TEST_DB_NAME, TEST_DB_USER, TEST_DB_PASSWORD, TEST_DB_ENCRYPT } =
    variables;
  const connect = () =>
    new mssql.ConnectionPool({
      server: TEST_DB_HOST,
      port: Number(TEST_DB_PORT),
      database: TEST_DB_NAME,
      user: TEST_DB_USER,
      password: TEST_DB_PASSWORD,
      options: { encrypt: TEST_DB_ENCRYPT === 'on', trustServerCertificate: true, useUTC: true },
    }).connect();
  return {
    env: {
      DB_TYPE: 'mssql',
      DB_HOST: TEST_DB_HOST,
      DB_PORT: TEST_DB_PORT,
      DB_NAME: TEST_DB_NAME,
      DB_USER: TEST_DB_USER,
      DB_PASSWORD: TEST_DB_PASSWORD,
      DB_ENCRYPT: TEST_DB_ENCRYPT,
      DB_TRUST_SERVER_CERTIFICATE: 'on',
      DB_STATEMENT_TIMEOUT_MS: '3000',
    },
    disturbance: 'locked',
    /** Locks the table of the processes for a time, like a rebuild of an index. */
    disturb: async (ms) => {
      const pool = await connect();
      try {
        const transaction = pool.transaction();
        await transaction.begin();
        await transaction
          .request()
          .query('SELECT TOP (1) 1 AS held FROM process_store WITH (TABLOCKX, HOLDLOCK)');
        await delay(ms);
        await transaction.rollback();
      } finally {
        await pool.close();
      }
    },
    rows: async (sql) => {
      const pool = await connect();
      try {
        return (await pool.request().query(sql)).recordset;
      } finally {
        await pool.close();
      }
    },
    close: drop,
  };
}
