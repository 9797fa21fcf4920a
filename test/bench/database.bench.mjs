// npm run bench:db [-- --db sqlite,postgres --rows 1000,100000,1000000 --requests 1000 --events 20000]
//
// Two measurements of each database; compare only figures of one run. First: p50 and p99 of a status request and of pages
// of the list over REST, one request at a time, while process_store grows. Second: rows of the trail per second through the
// write queue, compared with one TypeORM insert per row. The benchmark starts its own PostgreSQL.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Logger } from '@nestjs/common';
import Database from 'better-sqlite3';
import pg from 'pg';
import { Pool } from 'undici';
import { createConfiguration } from '../../dist/src/config/index.js';
import { openDatabaseConnection } from '../../dist/src/database/database.opener.js';
import { DatabaseService, WriteQueueService } from '../../dist/src/database/index.js';
import { EventLogRepository } from '../../dist/src/event-log/event-log.repository.js';
import { EventLogService } from '../../dist/src/event-log/event-log.service.js';
import { ShutdownService } from '../../dist/src/lifecycle/index.js';
import { Child } from '../chaos/children.mjs';
import { startCluster } from '../db/postgres.cluster.mjs';

const { values } = parseArgs({
  options: {
    db: { type: 'string', default: 'sqlite,postgres' },
    rows: { type: 'string', default: '1000,100000,1000000' },
    requests: { type: 'string', default: '1000' },
    events: { type: 'string', default: '20000' },
  },
});

/** Requests before the measurement. */
const WARM_UP = 300;

/** Parallel writes. */
const IN_FLIGHT = 50;

/** Rows of the single inserts: enough for a rate, few enough for a short run. */
const ONE_BY_ONE = 2_000;

/** The columns of a finished process with the lengths of onboard-user. */
const COLUMNS =
  'correlation_id, process_key, process_instance_id, status, data, version, started_at, updated_at, request_hash, ' +
  'claim_id, start_attempts, joined, outcome_step, batch_id, traceability_id, application_id';

Logger.overrideLogger(false);
for (const kind of values.db.split(',')) await measure(kind);

async function measure(kind) {
  const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-bench-'));
  const database = kind === 'postgres' ? await openPostgres() : openSqlite(dataDir);
  try {
    await measureWrites(kind, { DATA_DIR: dataDir, ...database.env });
    await measureGrowth(
      kind,
      { DATA_DIR: dataDir, PROCESS_ERROR_HTTP_STATUS: '200', ...database.env },
      database,
    );
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function measureWrites(kind, env) {
  const { database: config } = createConfiguration(env);
  const shutdown = new ShutdownService({ timeoutMs: 5_000, delayMs: 0 });
  const connection = await openDatabaseConnection(config);
  const database = new DatabaseService(connection);
  const queue = new WriteQueueService(connection, config, shutdown);
  const log = new EventLogService(new EventLogRepository(database), queue, database, config, []);
  const event = (index) => ({
    correlationId: `bench-${index % 500}`,
    stepName: 'validate-user-information',
    step: 1,
    status: 'ok',
    requestData: { userId: `user-${index}`, note: 'x'.repeat(100) },
    responseData: { validated: true },
    metadata: { attempt: 1 },
  });
  const queued = await rate(Number(values.events), (index) => log.logEvent(event(index)));
  const single = await rate(
    ONE_BY_ONE,
    (index) =>
      // A service without a write queue: one transaction per row.
      connection.transaction((sql) =>
        sql.execute(
          'INSERT INTO event_log (correlation_id, seq, event_key, step_name, status, created_at) VALUES (?, ?, ?, ?, ?, ?)',
          [`single-${index}`, 1, `single-${index}`, 'step', 'ok', database.dialect.time(new Date())],
        ),
      ),
    1,
  );
  console.log(
    `${kind}: ${queued.toFixed(0)} rows/s through the queue at ${IN_FLIGHT} in flight, ` +
      `${single.toFixed(0)} rows/s one by one: ${(queued / single).toFixed(1)} times`,
  );
  await shutdown.stop();
  await connection.close();
}

/** Calls a function many times with some calls in parallel. @returns calls per second */
async function rate(count, call, inFlight = IN_FLIGHT) {
  for (let index = 0; index < WARM_UP; index += 1) await call(count + index);
  const began = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) {
        const index = next;
        next += 1;
        await call(index);
      }
    }),
  );
  return (count / (performance.now() - began)) * 1_000;
}

async function measureGrowth(kind, env, database) {
  console.log(`${kind}: ms, p50/p99 of ${values.requests} requests, one at a time`);
  console.log('       rows        status    list, first      list, deep   list, filtered');
  const service = new Child('dist/src/main.js', [], env, /listens on (http:[^;\s"]+);/);
  let rows = 0;
  try {
    const pool = new Pool(await service.listening, { connections: 1 });
    for (const wanted of values.rows.split(',').map(Number)) {
      await database.fill(rows, wanted);
      rows = wanted;
      const id = () => `grown-${Math.floor(Math.random() * rows)}`;
      const deep = await cursorBehind(pool, Math.min(20, Math.floor(rows / 100)));
      const columns = [
        await latencies(pool, () => `/api/process/status/${id()}`),
        await latencies(pool, () => '/api/process/status/all?status=ok&limit=50'),
        await latencies(pool, () => `/api/process/status/all?status=ok&limit=50&cursor=${deep}`),
        await latencies(pool, () => '/api/process/status/all?status=error&processKey=onboard-user&limit=50'),
      ];
      console.log(`${String(rows).padStart(11)} ${columns.map((column) => column.padStart(15)).join(' ')}`);
    }
    await pool.close();
  } finally {
    await service.kill();
  }
}

/** The cursor after a number of pages of the list. */
async function cursorBehind(pool, pages) {
  let cursor = '';
  for (let page = 0; page < pages; page += 1) {
    const path = `/api/process/status/all?status=ok&limit=50${cursor === '' ? '' : `&cursor=${cursor}`}`;
    const { body } = await pool.request({ method: 'GET', path });
    cursor = (await body.json()).nextCursor ?? cursor;
  }
  return cursor;
}

async function latencies(pool, path) {
  const taken = [];
  for (let index = 0; index < WARM_UP + Number(values.requests); index += 1) {
    const began = performance.now();
    const { statusCode, body } = await pool.request({ method: 'GET', path: path() });
    await body.dump();
    if (statusCode !== 200) throw new Error(`A request was answered ${statusCode}.`);
    if (index >= WARM_UP) taken.push(performance.now() - began);
  }
  taken.sort((a, b) => a - b);
  const at = (share) => taken[Math.floor(taken.length * share)].toFixed(1);
  return `${at(0.5)}/${at(0.99)}`;
}

function openSqlite(dataDir) {
  return {
    env: {},
    fill: async (from, to) => {
      const file = new Database(join(dataDir, 'fastify-camunda.sqlite'), { timeout: 10_000 });
      // In parts, so that the service can run in between.
      for (let start = from; start < to; start += 50_000) {
        file.exec(
          `WITH RECURSIVE n(i) AS (SELECT ${start} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${Math.min(start + 50_000, to)}) ` +
            insertOf(
              (seconds) => `strftime('%Y-%m-%d %H:%M:%f', 1700000000 + ${seconds}, 'unixepoch')`,
              'hex(randomblob(16))',
            ),
        );
      }
      file.exec('ANALYZE');
      file.close();
    },
    close: async () => undefined,
  };
}

async function openPostgres() {
  const cluster = await startCluster();
  const { host, port, user } = cluster;
  return {
    env: { DB_TYPE: 'postgres', DB_HOST: host, DB_PORT: String(port), DB_NAME: 'postgres', DB_USER: user },
    fill: async (from, to) => {
      const client = new pg.Client({ host, port, user, database: 'postgres' });
      await client.connect();
      await client.query(
        `WITH n(i) AS (SELECT * FROM generate_series(${from}, ${to - 1})) ` +
          insertOf((seconds) => `to_timestamp(1700000000 + ${seconds})`, 'gen_random_uuid()::text'),
      );
      await client.query('VACUUM ANALYZE process_store');
      await client.end();
    },
    close: () => cluster.remove(),
  };
}

/** Finished processes, ten per second; one in a hundred failed. */
function insertOf(time, uuid) {
  const at = time('i / 10.0');
  return (
    `INSERT INTO process_store (${COLUMNS}) SELECT 'grown-' || i, 'onboard-user', ${uuid}, ` +
    `CASE WHEN i % 100 = 0 THEN 'error' ELSE 'ok' END, '{"success":true,"userId":"grown","onboarded":true}', 2, ${at}, ` +
    `${at}, ${uuid} || ${uuid}, ${uuid}, 1, 0, 'prepare-response', ${uuid}, ${uuid}, ${uuid} FROM n`
  ).replace(`${uuid} || ${uuid}`, `substr(${uuid} || ${uuid}, 1, 64)`);
}
