// npm run test:chaos [-- --seconds 30 --kills 200 --mode inside,apart,camunda7 --db sqlite|postgres|mssql --seed 1]
//
// Runs the service under load while it is killed at twelve named points and at random, its database is locked
// (SQLite, SQL Server) or killed (PostgreSQL), and its engine is stopped. It then compares the responses to all clients
// with the table, the trail and the engine. `inside`: the engine is in the service. `apart`: two processes with a proxy between
// them that delays requests, breaks connections, answers in place of the engine, and hangs. `camunda7`: the same in front of a real engine.
// Prints lines of the Test Anything Protocol.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { reachRealEngine } from '../reference-engines/real-engine.mjs';
import { spawnEngine, spawnService } from './children.mjs';
import { openDatabase } from './database.mjs';
import { startFaultProxy } from './fault-proxy.mjs';
import { Load } from './load.mjs';
import { randomOf } from './random.mjs';
import { checkFinalState, countsOf, Report } from './report.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    kills: { type: 'string', default: '0' },
    mode: { type: 'string', default: 'inside,apart,camunda7' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '12' },
    db: { type: 'string', default: 'sqlite' },
  },
});

/** The points of a kill; the one in brackets needs an unfinished start of an earlier run. */
const POINTS = [
  'claim queued',
  'claim durable',
  'adoption between look and start',
  'start sent',
  'start answered',
  'instance id stored',
  'handler done',
  'event durable',
  'task complete sent',
  'outcome durable',
  'waiter answered',
  'cancel deleted but row not',
];

/** Points that few processes pass: the kill is at the first pass. */
const RARE_POINTS = new Set(['adoption between look and start', 'cancel deleted but row not']);

/** Time limits for passing a named point and for the end of all processes, in ms. */
const POINT_MS = 90_000;
const END_MS = 90_000;

const ENGINE_STOP_MS = 10_000;

/** The minimum work of a valid run, and how long it may exceed `--seconds` to do it, in ms. */
const ENOUGH_PROCESSES = 50;
const ENOUGH_MS = 180_000;

const report = new Report();

for (const mode of values.mode.split(',')) await runMode(mode);
process.exitCode = report.exitCode;

async function runMode(mode) {
  const random = randomOf(Number(values.seed));
  console.log(`# ${mode} on ${values.db}, seed ${values.seed}`);
  const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-chaos-'));
  const database = await openDatabase(values.db, dataDir);
  const engine = await openEngine(mode, dataDir, random);
  const env = {
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    SYNC_TIMEOUT_MS: '2000',
    CAMUNDA_TASK_RETRIES: '50',
    START_ACK_TIMEOUT_MS: '300',
    CAMUNDA_START_TIMEOUT_MS: '1000',
    START_LEASE_MS: '1500',
    START_SETTLE_MS: '2500',
    CAMUNDA_LOCK_DURATION_MS: '3000',
    CAMUNDA_ASYNC_RESPONSE_TIMEOUT_MS: '1000',
    WRITE_WAIT_MS: '2000',
    ...engine.env,
    ...database.env,
  };
  const load = new Load(random, { lanes: Number(values.lanes), name: `${mode}-${values.seed}` });
  const run = { load, env, database, service: null, engineUrl: null };
  try {
    for (const point of POINTS) await killAt(run, point, random);
    await killAtRandom(run, engine, random);
    await finish(mode, run, engine);
  } finally {
    load.stopped = true;
    await run.service?.kill();
    await engine.close();
    await load.stop();
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The engine of a mode, and its variables for the service. */
async function openEngine(mode, dataDir, random) {
  if (mode === 'inside') return { env: {}, stop: null, calm: () => undefined, close: async () => undefined };
  const engineDir = join(dataDir, 'engine');
  let child = mode === 'camunda7' ? null : spawnEngine(engineDir, 0);
  const real = child === null ? await reachRealEngine('camunda7') : null;
  const baseUrl = real?.baseUrl ?? (await child.listening);
  const proxy = await startFaultProxy(baseUrl, random);
  return {
    env: { CAMUNDA_BASE_URL: proxy.baseUrl, CAMUNDA_DEPLOY: 'on' },
    url: baseUrl,
    counts: proxy.counts,
    stop:
      child === null
        ? null
        : async () => {
            await child.kill();
            await delay(ENGINE_STOP_MS);
            child = spawnEngine(engineDir, new URL(baseUrl).port);
            await child.listening;
          },
    calm: () => {
      proxy.faults = false;
    },
    close: async () => {
      await proxy.close();
      await child?.kill();
      await real?.stop();
    },
  };
}

async function startService(run, env = {}) {
  const service = spawnService({ ...run.env, ...env });
  run.service = service;
  run.load.baseUrl = await service.listening;
  run.engineUrl = /engine at (http:[^;\s]+);/.exec(service.output)?.[1];
  return service;
}

async function killAt(run, point, random) {
  const count = RARE_POINTS.has(point) ? 1 : 1 + Math.floor(random() * 5);
  const service = spawnService({ ...run.env, CHAOS_KILL_AT: point, CHAOS_KILL_COUNT: String(count) });
  run.service = service;
  // The kill may come before it listens: the boot continues the work of an earlier run.
  service.listening.then(
    (url) => (run.load.baseUrl = url),
    () => undefined,
  );
  const isKilled = await Promise.race([
    service.exited.then(() => true),
    delay(POINT_MS, false, { ref: false }),
  ]);
  run.load.baseUrl = null;
  if (!isKilled) await service.kill();
  report.check(
    isKilled && service.process.signalCode === 'SIGKILL',
    `killed at: ${point}`,
    service.output.slice(-2_000),
  );
}

async function killAtRandom(run, engine, random) {
  const until = Date.now() + Number(values.seconds) * 1_000;
  const wanted = Number(values.kills);
  let kills = 0;
  let stops = engine.stop === null ? 1 : 0;
  let disturbances = 0;
  // A slow machine does less in the same time.
  const isProof = () => disturbances > 0 && isEnough(run.load.ledger);
  while (Date.now() < until || kills < wanted || (!isProof() && Date.now() < until + ENOUGH_MS)) {
    const service = await startService(run);
    if (stops === 0) {
      stops += 1;
      await engine.stop();
    } else if (disturbances === 0 || random() < 0.1) {
      disturbances += 1;
      await run.database.disturb(500 + random() * 2_000);
    }
    await delay(200 + random() * 2_500);
    run.load.baseUrl = null;
    await service.kill();
    kills += 1;
  }
  console.log(`# ${kills} kills at random, ${disturbances} times the database ${run.database.disturbance}`);
}

/** Waits for the end of all processes without further faults, and searches for contradictions. */
async function finish(mode, run, engine) {
  engine.calm();
  await startService(run);
  await delay(1_000);
  await checkFinalState(report, {
    load: run.load,
    database: run.database,
    engineUrl: engine.url ?? run.engineUrl,
    limitMs: END_MS,
    mode,
    printed: engine.counts === undefined ? '' : `, proxy ${JSON.stringify(engine.counts)}`,
  });
  const { outcomes, accepted } = countsOf(run.load.ledger);
  report.check(
    isEnough(run.load.ledger),
    `${mode}: the run did enough work`,
    `${accepted} accepted, ${outcomes} returned`,
  );
}

function isEnough(ledger) {
  const { outcomes, accepted } = countsOf(ledger);
  return accepted > ENOUGH_PROCESSES && outcomes > ENOUGH_PROCESSES;
}
