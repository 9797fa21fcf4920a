// A separate database on a server for a run of the tests.
import { randomBytes } from 'node:crypto';
import mssql from 'mssql';
import pg from 'pg';
import { startCluster } from './postgres.cluster.mjs';

/** Whether a server is set for a kind of database; SQLite needs none, and PostgreSQL has a default. */
export function isConfigured(db) {
  return db !== 'mssql' || (process.env.TEST_MSSQL_HOST ?? '') !== '';
}

/**
 * Makes a database.
 *
 * @returns the variables that point the tests to it, and a function that drops it
 */
export async function createTestDatabase(db) {
  if (db === 'sqlite') return { variables: {}, drop: async () => {} };
  const { server, close } = await reachServer(db);
  const name = `fastify_camunda_test_${randomBytes(4).toString('hex')}`;
  const drop = async () => {
    try {
      await atServer(db, server, ...dropStatements(db, name));
    } finally {
      await close();
    }
  };
  try {
    await atServer(db, server, ...createStatements(db, name));
  } catch (error) {
    // It may already exist; the first error is the cause.
    await drop().catch(() => undefined);
    throw error;
  }
  return {
    variables: {
      TEST_DB_HOST: server.host,
      TEST_DB_PORT: String(server.port),
      TEST_DB_USER: server.user,
      ...(server.password === undefined ? {} : { TEST_DB_PASSWORD: server.password }),
      TEST_DB_NAME: name,
      TEST_DB_ENCRYPT: server.encrypt ? 'on' : 'off',
    },
    drop,
  };
}

/** The configured server, otherwise a local one; for PostgreSQL otherwise a server that this run starts. */
async function reachServer(db) {
  const server = serverOf(db);
  if (db === 'postgres' && (process.env.TEST_POSTGRES_HOST ?? '') === '') {
    try {
      await atServer(db, server, 'SELECT 1');
    } catch (error) {
      if (error.code !== 'ECONNREFUSED') throw error;
      const cluster = await startCluster();
      const { host, port, user } = cluster;
      return { server: { ...server, host, port, user }, close: () => cluster.remove() };
    }
  }
  return { server, close: async () => undefined };
}

function serverOf(db) {
  const read = (variable, otherwise) => process.env[`TEST_${db.toUpperCase()}_${variable}`] || otherwise;
  return {
    host: read('HOST', '127.0.0.1'),
    port: Number(read('PORT', db === 'mssql' ? '1433' : '5432')),
    user: read('USER', db === 'mssql' ? 'sa' : 'postgres'),
    password: read('PASSWORD'),
    database: read('DATABASE', db === 'mssql' ? 'master' : 'postgres'),
    encrypt: read('ENCRYPT', db === 'mssql' ? 'on' : 'off') === 'on',
  };
}

/** Creates the database as operations.md describes. */
function createStatements(db, name) {
  const create = `CREATE DATABASE ${name}`;
  return db === 'mssql' ? [create, `ALTER DATABASE ${name} SET READ_COMMITTED_SNAPSHOT ON`] : [create];
}

/** Open connections of a failed test must not prevent the drop. */
function dropStatements(db, name) {
  return db === 'mssql'
    ? [`ALTER DATABASE ${name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE`, `DROP DATABASE ${name}`]
    : [`DROP DATABASE ${name} WITH (FORCE)`];
}

async function atServer(db, { host, port, user, password, database, encrypt }, ...statements) {
  if (db === 'postgres') {
    const client = new pg.Client({ host, port, user, password, database });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
    return;
  }
  const pool = await new mssql.ConnectionPool({
    server: host,
    port,
    user,
    password,
    database,
    options: { encrypt, trustServerCertificate: true },
  }).connect();
  try {
    for (const statement of statements) await pool.request().batch(statement);
  } finally {
    await pool.close();
  }
}
