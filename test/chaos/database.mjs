// The database of the service under chaos: what disturbs it, and how its tables are read at the end.
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import pg from 'pg';
import { startCluster } from '../db/postgres.cluster.mjs';

/** Opens what `--db` names. */
export function openDatabase(kind, dataDir) {
  return kind === 'postgres' ? openPostgres() : openSqlite(dataDir);
}

function openSqlite(dataDir) {
  const path = join(dataDir, 'fastify-camunda.sqlite');
  return {
    env: {},
    disturbance: 'locked',
    /** Keeps every other from writing for a time, as a backup or a person at a shell might. */
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
    rows: async (sql) => {
      const client = new pg.Client({ host, port, user, database: 'postgres' });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    },
    close: () => cluster.remove(),
  };
}
