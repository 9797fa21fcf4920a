// npm run bench:engine-cluster [-- --seconds 60 --rate 1 --shortest 5000,200 --nodes 1,2]
//
// Starts two nodes of Operaton over one PostgreSQL, and the built service with a load balancer in front of the nodes. It starts
// onboard-user at a fixed rate and prints the time from the creation of each task to its fetch, both by the clocks of the
// engine, and what that costs in polls. --shortest lists values of CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS: 5000, the wait of a
// poll, turns the shortening of polls off. --nodes lists how many of the nodes the load balancer uses. Each row has its own
// service; tasks of its first third are not counted, because it learns then. Needs what startEngineCluster() needs.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { startEngineCluster } from '../reference-engines/engine-cluster.mjs';
import { startRoundRobin } from '../reference-engines/round-robin.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string', default: '1' },
    shortest: { type: 'string', default: '5000,200' },
    nodes: { type: 'string', default: '1,2' },
    build: { type: 'string', default: 'dist' },
  },
});

/** The default of CAMUNDA_LOCK_DURATION_MS; the topics of onboard-user set no other. */
const LOCK_MS = 20_000;
const POLL_MS = '5000';
const IDLE_SECONDS = 10;
const FETCH = '/engine-rest/external-task/fetchAndLock';

/** The Node options of `npm start`. */
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const START_OPTIONS = scripts.start.split(' ').filter((word) => word.startsWith('--'));

const seconds = Number(values.seconds);
const temporary = mkdtempSync(join(tmpdir(), 'fastify-camunda-bench-'));
const nodeCounts = values.nodes.split(',').map(Number);
const cluster = await startEngineCluster(Math.max(...nodeCounts));
const columns = ['nodes', 'shortest', 'tasks', 'fetch p50', 'p99', 'max ms', 'process p50', 'p99 ms'];
console.log([...columns, 'polls/s', 'idle polls/s', 'poll ms', 'missed'].join('  '));
try {
  for (const nodes of nodeCounts) {
    for (const shortest of values.shortest.split(',')) await measure(nodes, shortest);
  }
} finally {
  await cluster.stop();
  rmSync(temporary, { recursive: true, force: true });
}

async function measure(nodes, shortest) {
  let ages = [];
  let polls = 0;
  const balancer = await startRoundRobin(cluster.baseUrls.slice(0, nodes), (path, body) => {
    if (path !== FETCH) return;
    polls += 1;
    ages.push(...agesIn(body));
  });
  const service = startService(`${balancer.origin}/engine-rest`, shortest);
  try {
    const pool = new Pool(await listening(service), { connections: 200 });
    await drive(pool, `${nodes}-${shortest}-learn`, seconds / 3);
    ages = [];
    polls = 0;
    const began = performance.now();
    const latencies = await drive(pool, `${nodes}-${shortest}`, (seconds * 2) / 3);
    const pollRate = polls / ((performance.now() - began) / 1_000);
    const counted = ages;
    polls = 0;
    await new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000));
    const idleRate = polls / IDLE_SECONDS;
    const { waitMs, missedTasks } = await pollState(pool);
    const cells = [nodes, shortest, counted.length, at(counted, 0.5), at(counted, 0.99), at(counted, 1)];
    cells.push(at(latencies, 0.5), at(latencies, 0.99), pollRate.toFixed(1), idleRate.toFixed(1));
    cells.push(waitMs, missedTasks);
    console.log(
      cells.map((cell, n) => String(cell).padStart((columns[n] ?? 'idle polls/s').length)).join('  '),
    );
    await pool.close();
  } finally {
    service.kill('SIGTERM');
    if (service.exitCode === null) await new Promise((resolve) => service.once('exit', resolve));
    await balancer.close();
  }
}

function startService(baseUrl, shortest) {
  return spawn(process.execPath, [...START_OPTIONS, join(values.build, 'src/main.js')], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      DATA_DIR: mkdtempSync(join(temporary, 'data-')),
      LOG_LEVEL: 'info',
      CAMUNDA_BASE_URL: baseUrl,
      CAMUNDA_DEPLOY: 'on',
      CAMUNDA_LOCK_DURATION_MS: String(LOCK_MS),
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: POLL_MS,
      CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MIN_MS: shortest,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function listening(service) {
  let output = '';
  for await (const chunk of service.stdout) {
    output += chunk;
    const url = /listens on (http:\/\/[^;"]+);/.exec(output)?.[1];
    if (url !== undefined) {
      service.stdout.resume();
      return url;
    }
  }
  throw new Error(`The service did not start:\n${output}`);
}

/** Milliseconds from the creation of each task in the answer to a fetch to its lock. */
function agesIn(body) {
  const tasks = JSON.parse(body);
  if (!Array.isArray(tasks)) return [];
  return tasks.map(
    ({ createTime, lockExpirationTime }) => Date.parse(lockExpirationTime) - LOCK_MS - Date.parse(createTime),
  );
}

/** Starts processes at a fixed rate, however long each takes; returns their durations in milliseconds. */
async function drive(pool, name, forSeconds) {
  const gapMs = 1_000 / Number(values.rate);
  const requests = [];
  const began = performance.now();
  for (let n = 0; n * gapMs < forSeconds * 1_000; n += 1) {
    const waitMs = began + n * gapMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    requests.push(start(pool, `bench-${name}-${n}`));
  }
  return Promise.all(requests);
}

async function start(pool, id) {
  const sent = performance.now();
  const { statusCode, body } = await pool.request({
    method: 'POST',
    path: '/api/process/start',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ processKey: 'onboard-user', correlationId: id, variables: { userId: id } }),
  });
  const text = await body.text();
  // 202: its tasks came so late that it took longer than 25 s.
  if (statusCode !== 200 && statusCode !== 202) throw new Error(`${id} was answered ${statusCode}: ${text}`);
  return performance.now() - sent;
}

async function pollState(pool) {
  const { body } = await pool.request({ method: 'GET', path: '/health' });
  const { details } = await body.json();
  return details.workers.polls;
}

function at(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN);
}
