// npm run test:cluster [-- --processes 2000 --rate 30 --instances 3 --engine operaton --faults kill,cut --without redis --haproxy --libfaketime --seed 1]
//
// Runs several instances of the built service behind a load balancer, over one PostgreSQL, one Redis and one engine, with clocks
// that differ by two minutes. Under load instances are killed, paused for 15 s and replaced, Redis is stopped, and the
// connections to the database are cut. It then compares the responses to all clients with the table, the trail and the
// engine. Prints lines of the Test Anything Protocol.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { spawnEngine } from '../chaos/children.mjs';
import { openDatabase } from '../chaos/database.mjs';
import { randomOf } from '../chaos/random.mjs';
import { countsOf, Report, waitForEnds } from '../chaos/report.mjs';
import { reachRealEngine } from '../reference-engines/real-engine.mjs';
import { hasRedis, startRedis } from '../support/redis.server.mjs';
import { ClusterLoad } from './cluster.load.mjs';
import { describeProcesses, findClusterContradictions, versionsOf } from './cluster.verify.mjs';
import { Faults, FAULTS } from './faults.mjs';
import { startHaproxy } from './haproxy.mjs';
import { createInstances } from './instances.mjs';
import { startRoundRobin } from './round-robin.proxy.mjs';

const { values } = parseArgs({
  options: {
    processes: { type: 'string', default: '300' },
    rate: { type: 'string', default: '10' },
    lanes: { type: 'string', default: '24' },
    instances: { type: 'string', default: '3' },
    engine: { type: 'string', default: 'operaton' },
    without: { type: 'string', default: '' },
    faults: { type: 'string', default: FAULTS.join(',') },
    haproxy: { type: 'boolean', default: false },
    libfaketime: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

/** Time limit for the end of all processes, in ms. */
const END_MS = 120_000;

/** Examples of responses that were older than an earlier one. */
const STALE_SHOWN = 10;

/** Short times, so that another instance takes over within the run, and shorter than a pause of an instance. */
const SERVICE = {
  LOG_LEVEL: 'warn',
  SYNC_TIMEOUT_MS: '3000',
  START_ACK_TIMEOUT_MS: '1000',
  CAMUNDA_START_TIMEOUT_MS: '3000',
  START_LEASE_MS: '4000',
  START_SETTLE_MS: '6000',
  CAMUNDA_LOCK_DURATION_MS: '6000',
  CAMUNDA_DEPLOY: 'on',
  SIMULATOR_SLOW_MS: '6000',
  SHUTDOWN_DELAY_MS: '1500',
};

const checks = new Report();
const report = checks.check.bind(checks);
const size = Number(values.instances);
const random = randomOf(Number(values.seed));
const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-cluster-'));
const closing = [() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 })];
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => void closeAll().finally(() => process.exit(1)));
try {
  await run();
} catch (error) {
  report(false, 'the run ends', error.stack);
} finally {
  await closeAll();
}
process.exitCode = checks.exitCode;

async function run() {
  const redis = await openRedis();
  console.log(
    `# ${values.processes} processes, ${size} instances, ${values.engine}, ${redis === null ? 'without Redis' : 'with Redis'}, ` +
      `${values.haproxy ? 'HAProxy' : 'round robin'}, clocks by ${values.libfaketime ? 'libfaketime' : 'Node'}, seed ${values.seed}`,
  );
  const database = await openDatabase('postgres', folder);
  closing.push(() => database.close());
  const engineUrl = await openEngine();
  const env = {
    ...SERVICE,
    CAMUNDA_BASE_URL: engineUrl,
    ...database.env,
    ...(redis === null ? {} : { REDIS_URL: redis.url }),
  };
  const clock = values.libfaketime ? 'libfaketime' : 'node';
  const instances = await createInstances({ size, env, folder, clock });
  closing.push(() => Promise.all(instances.map((each) => each.kill())));
  const versions = await versionsOf(engineUrl, 'onboard-user');
  await Promise.all(instances.slice(0, size).map((each) => each.start()));
  const deployed = await versionsOf(engineUrl, 'onboard-user');
  report(
    deployed <= versions + 1,
    'instances that boot at the same time deploy one version',
    `${versions} versions before, now ${deployed}`,
  );
  const proxy = values.haproxy ? await startHaproxy(instances, folder) : await startRoundRobin(instances);
  closing.push(() => proxy.close());
  const load = new ClusterLoad(random, {
    processes: Number(values.processes),
    rate: Number(values.rate),
    lanes: Number(values.lanes),
    polls: size - 1,
    name: values.seed,
  });
  closing.push(() => load.stop());
  const faults = new Faults({
    chosen: values.faults.split(','),
    instances,
    load,
    proxy,
    database,
    redis,
    random,
    report,
  });
  await faults.reachable();
  load.begin(proxy.baseUrl);
  do await faults.round();
  while (load.number < load.processes);
  await load.finish();
  await verify(load, database, engineUrl);
  report(
    instances.every(({ isRunning }, index) => isRunning === faults.expectsRunning(instances[index])),
    'no instance ends by itself',
    instances
      .filter(({ child, isRunning }) => child !== null && !isRunning)
      .map(({ name, child }) => `${name}: ${child.output}`)
      .join('\n'),
  );
}

/** Ends all that was started, the latest first. */
async function closeAll() {
  for (let close = closing.pop(); close !== undefined; close = closing.pop()) await close();
}

async function openRedis() {
  if (values.without.split(',').includes('redis')) return null;
  if (!hasRedis()) {
    console.log('# redis-server is not installed: no Redis is stopped in this run');
    return null;
  }
  const redis = await startRedis();
  closing.push(() => redis.remove());
  return redis;
}

/** @returns the base URL of an engine in a separate process */
async function openEngine() {
  if (values.engine === 'embedded') {
    const child = spawnEngine(join(folder, 'engine'), 0);
    closing.push(() => child.kill());
    return child.listening;
  }
  const engine = await reachRealEngine(values.engine);
  closing.push(() => engine.stop());
  return engine.baseUrl;
}

async function verify(load, database, engineUrl) {
  const open = await waitForEnds(database, engineUrl, END_MS);
  const { ledger } = load;
  const { accepted, outcomes } = countsOf(ledger);
  const seconds = Math.round((performance.now() - load.begun) / 1_000);
  console.log(
    `# ${ledger.requests} requests in ${seconds} s, ${ledger.unanswered} without an answer, ${load.strictTotal} that had to be ` +
      `answered, ${accepted} processes accepted, ${outcomes} outcomes ` +
      `returned, responses by instance ${JSON.stringify(ledger.served)}`,
  );
  report(open === 0, 'every process ends', `${open} rows and instances are open`);
  report(accepted >= load.processes, `at least ${load.processes} processes were accepted`, 'fewer');
  const contradictions = await findClusterContradictions(ledger, database, engineUrl);
  report(
    contradictions.length === 0,
    'every outcome is right, and no response contradicts the final state',
    [...contradictions.slice(0, 30), ...(await describeProcesses(contradictions, database, engineUrl))].join(
      '\n',
    ),
  );
  const { stale } = ledger;
  const first = stale.slice(0, STALE_SHOWN).join('\n');
  report(
    stale.length === 0,
    'no response is older than an earlier one of another instance',
    `${stale.length} are:\n${first}`,
  );
}
