// npm run bench:instances [-- --instances 1,2,3 --wake-ups redis,postgres,off --seconds 8 --concurrency 50 --samples 200
//   --redis redis://127.0.0.1:6379/9 --build dist --rounds 1 --cores 0.25]
//
// Starts instances of the built service over one PostgreSQL and one engine (the embedded engine as a process of its own),
// each combination on an empty schema and an empty engine. Requests go to the instances in turn.
//
// Prints starts per second with their latency, what the database did for each of them, and the time from the response to a
// completion on one instance to the response of a waiter on another. --cores limits each instance to this share of a
// processor (Linux, root), as instances on machines of their own have: without it all compete for the same processors. PostgreSQL is that of npm run test:db. Machines differ
// and are noisy: compare rows of one run.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Pool } from 'undici';
import { createTestDatabase } from '../db/server.mjs';
import { limitProcessor } from './support/processor.limit.mjs';

const { values } = parseArgs({
  options: {
    instances: { type: 'string', default: '1,2,3' },
    'wake-ups': { type: 'string', default: 'redis,postgres,off' },
    seconds: { type: 'string', default: '8' },
    concurrency: { type: 'string', default: '50' },
    samples: { type: 'string', default: '200' },
    redis: { type: 'string', default: 'redis://127.0.0.1:6379/9' },
    build: { type: 'string', default: 'dist' },
    rounds: { type: 'string', default: '1' },
    // 0: no limit.
    cores: { type: 'string', default: '0' },
    // Further options of Node for the services, e.g. --cpu-prof.
    node: { type: 'string', default: '' },
  },
});
const COUNTS = values.instances.split(',').map(Number);
const CONCURRENCY = Number(values.concurrency);
const CORES = Number(values.cores);

/** Processes before the measurement, so that the code is compiled. */
const WARM_UP_SECONDS = 3;

/** Completions in flight while wake-ups are measured: few, so that the time is that of the wake-up. */
const LANES = 4;

const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-instances-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
const database = await createTestDatabase('postgres');
const session = new pg.Client({
  host: database.variables.TEST_DB_HOST,
  port: Number(database.variables.TEST_DB_PORT),
  user: database.variables.TEST_DB_USER,
  password: database.variables.TEST_DB_PASSWORD,
  database: database.variables.TEST_DB_NAME,
});
let schemas = 0;
try {
  await session.connect();
  console.log(
    'build     wake-ups  instances  starts/s    p50 ms    p99 ms  commits/start  rollbacks/start  ' +
      'CPU ms/start: services   engine  woken p50 ms    p99 ms',
  );
  for (let round = 0; round < Number(values.rounds); round += 1)
    for (const count of COUNTS)
      for (const wakeUps of count === 1 ? ['off'] : values['wake-ups'].split(','))
        for (const build of values.build.split(',')) await measure(build, wakeUps, count);
} finally {
  await session.end().catch(() => undefined);
  await database.drop();
  rmSync(folder, { recursive: true, force: true });
}

async function measure(build, wakeUps, count) {
  const engine = await startEngine(build);
  const services = [];
  const schema = `bench_${(schemas += 1)}`;
  try {
    for (let n = 0; n < count; n += 1)
      services.push(await startService(build, engine.baseUrl, schema, wakeUps));
    const pools = services.map(({ url }) => new Pool(url, { connections: CONCURRENCY * 2 }));
    await drive(pools, 'warm', WARM_UP_SECONDS);
    const before = { ...(await databaseCounts()), ...cpuOf(services, engine) };
    const { starts, rate, p50, p99 } = await drive(pools, 'run', Number(values.seconds));
    const after = { ...(await databaseCounts()), ...cpuOf(services, engine) };
    const each = (name) => (after[name] - before[name]) / starts;
    const woken = count === 1 ? null : await wakeUpTimes(pools);
    await Promise.all(pools.map((pool) => pool.close()));
    console.log(
      [
        build.padEnd(9),
        wakeUps.padEnd(9),
        String(count).padStart(9),
        rate.toFixed(0).padStart(9),
        p50.toFixed(0).padStart(9),
        p99.toFixed(0).padStart(9),
        each('commits').toFixed(2).padStart(14),
        each('rollbacks').toFixed(3).padStart(16),
        each('services').toFixed(1).padStart(23),
        each('engine').toFixed(1).padStart(8),
        (woken === null ? '-' : woken.p50.toFixed(1)).padStart(13),
        (woken === null ? '-' : woken.p99.toFixed(1)).padStart(9),
      ].join(' '),
    );
  } finally {
    for (const { child } of [...services, engine]) await stop(child);
    await session.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
  }
}

async function stop(child) {
  child.kill('SIGTERM');
  if (child.exitCode === null && child.signalCode === null)
    await new Promise((resolve) => child.once('exit', resolve));
  children.delete(child);
}

async function startEngine(build) {
  const child = spawn(
    process.execPath,
    [
      join(build, 'src/embedded-engine/main.js'),
      '--port',
      '0',
      '--open',
      '--data',
      mkdtempSync(join(folder, 'e-')),
    ],
    { env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.add(child);
  for await (const line of createInterface(child.stdout)) {
    const { baseUrl } = JSON.parse(line);
    if (baseUrl !== undefined) return { child, baseUrl };
  }
  throw new Error('The engine did not start.');
}

async function startService(build, engineUrl, schema, wakeUps) {
  const {
    TEST_DB_HOST,
    TEST_DB_PORT,
    TEST_DB_NAME,
    TEST_DB_USER,
    TEST_DB_PASSWORD = '',
  } = database.variables;
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=64', ...values.node.split(' ').filter(Boolean), join(build, 'src/main.js')],
    {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        DATA_DIR: mkdtempSync(join(folder, 's-')),
        LOG_LEVEL: 'info',
        CAMUNDA_BASE_URL: engineUrl,
        CAMUNDA_DEPLOY: 'on',
        SIMULATOR_SLOW_MS: '600000',
        HTTP_TIMEOUT_MS: '900000',
        DB_TYPE: 'postgres',
        DB_HOST: TEST_DB_HOST,
        DB_PORT: TEST_DB_PORT,
        DB_NAME: TEST_DB_NAME,
        DB_USER: TEST_DB_USER,
        DB_PASSWORD: TEST_DB_PASSWORD,
        DB_SCHEMA: schema,
        WAKE_UPS: wakeUps,
        ...(wakeUps === 'redis' ? { REDIS_URL: values.redis } : {}),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  children.add(child);
  let output = '';
  for await (const chunk of child.stdout) {
    output += chunk;
    const url = /listens on (http:\/\/[^;"]+);/.exec(output)?.[1];
    if (url === undefined) continue;
    child.stdout.on('data', () => {});
    child.stdout.resume();
    // Not before: a boot takes a multiple of the limit.
    if (CORES > 0) child.once('exit', limitProcessor(child.pid, CORES));
    return { child, url };
  }
  throw new Error(`The service did not start:\n${output}`);
}

async function call(pool, method, path, body, headers = {}) {
  const answer = await pool.request({
    method,
    path,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  await answer.body.dump();
  return answer.statusCode;
}

/** Starts processes for some seconds, on the instances in turn; each request waits for its result. */
async function drive(pools, name, seconds) {
  const latencies = [];
  const began = performance.now();
  const until = began + seconds * 1_000;
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async (_, lane) => {
      for (let n = 0; performance.now() < until; n += 1) {
        const correlationId = `${name}-${lane}-${n}`;
        const sent = performance.now();
        const status = await call(pools[(lane + n) % pools.length], 'POST', '/api/process/start', {
          processKey: 'onboard-user',
          correlationId,
          variables: { userId: correlationId },
        });
        if (status !== 200) throw new Error(`${correlationId} was answered ${status}`);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  return {
    starts: latencies.length,
    rate: latencies.length / ((performance.now() - began) / 1_000),
    ...percentilesOf(latencies),
  };
}

/** Milliseconds from the response to a completion on one instance to that of a waiter on the next. */
async function wakeUpTimes(pools) {
  const times = [];
  const perLane = Math.ceil(Number(values.samples) / LANES);
  await Promise.all(
    Array.from({ length: LANES }, async (_, lane) => {
      for (let n = 0; n < perLane; n += 1) {
        const completing = pools[(lane + n) % pools.length];
        const waiting = pools[(lane + n + 1) % pools.length];
        const correlationId = `woken-${lane}-${n}`;
        await call(
          waiting,
          'POST',
          '/api/process/start',
          {
            processKey: 'onboard-user',
            correlationId,
            variables: { userId: `slow-${correlationId}` },
          },
          { prefer: 'respond-async' },
        );
        let answeredAt = null;
        const waiter = call(waiting, 'GET', `/api/process/status/${correlationId}?wait=30`).then(() => {
          answeredAt = performance.now();
        });
        await delay(50 + Math.random() * 1_000);
        await call(completing, 'POST', '/api/process/complete', { correlationId, status: 'ok', data: 1 });
        const completedAt = performance.now();
        await waiter;
        times.push(Math.max(answeredAt - completedAt, 0));
      }
    }),
  );
  return percentilesOf(times);
}

function percentilesOf(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)];
  return { p50: at(0.5), p99: at(0.99) };
}

/** Transactions and rows of the whole database since its begin. */
async function databaseCounts() {
  await session.query('SELECT pg_stat_clear_snapshot()');
  // Sessions report what they did at most once a second.
  await delay(1_200);
  const { rows } = await session.query(
    `SELECT xact_commit, xact_rollback FROM pg_stat_database WHERE datname = current_database()`,
  );
  const [{ xact_commit, xact_rollback }] = rows;
  return {
    commits: Number(xact_commit),
    rollbacks: Number(xact_rollback),
  };
}

/** CPU time in ms; Linux only, in ticks of 10 ms. */
function cpuOf(services, engine) {
  return {
    services: services.reduce((sum, { child }) => sum + cpuMs(child.pid), 0),
    engine: cpuMs(engine.child.pid),
  };
}

function cpuMs(pid) {
  try {
    const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .split(') ')[1]
      .split(' ')
      .slice(11, 13)
      .map(Number);
    return (user + system) * 10;
  } catch {
    return NaN;
  }
}
