// Follows compose.yaml with plain processes, because not every machine has Docker: the secrets, Redis, the engine, the
// migration, two instances and the proxy. Then it replaces an instance under load as an upgrade does, kills the other one,
// and expects that clients see no fault of the first and every result. PostgreSQL stands in for SQL Server.
//
//   node scripts/check-compose-steps.mjs                              # what .ci/run runs
//   node scripts/check-compose-steps.mjs --clients 50 --processes 2000  # figures for docs/guides/deployment.md
//
// Needs PostgreSQL, redis-server, haproxy, Java and Maven. CAMUNDA_BASE_URL names an engine that runs already.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createTestDatabase } from '../test/db/server.mjs';
import { reachRealEngine } from '../test/reference-engines/real-engine.mjs';
import { startRedis } from '../test/support/redis.server.mjs';
import { Checks, eventually, expect } from './lib/checks.mjs';
import { ComposeRun } from './lib/compose.mjs';
import { stopTwice } from './lib/service.process.mjs';
import { StartTraffic } from './lib/start-traffic.mjs';

const BOOT_MS = 60_000;
const STOP_MS = 60_000;
/** How long so many processes may take: a lease and a lock of a killed instance, and the time of a slow machine. */
const trafficMs = (count) => 150_000 + 1_000 * count;

const { values: options } = parseArgs({
  options: {
    clients: { type: 'string', default: '6' },
    processes: { type: 'string', default: '60' },
  },
});
const clients = Number(options.clients);
const processes = Number(options.processes);

// Loopback addresses of this run, so that every service has its port of compose.yaml.
const network = `127.${process.pid % 250}.${Math.floor(Math.random() * 250)}`;
const addresses = { 'service-1': `${network}.1`, 'service-2': `${network}.2`, proxy: `${network}.3` };
const PORT = 8080;

const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-compose-'));
const compose = new ComposeRun(join(folder, 'secrets'));
const running = new Map();
const undo = [];
let key;
let database;

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await cleanUp();
    process.exit(1);
  });
}
try {
  await prepare();
  if (checks.failed === 0) await startInstances();
  if (checks.failed === 0) await startProxy();
  if (checks.failed === 0) await useIt();
} finally {
  await cleanUp();
}
process.exitCode = checks.failed === 0 ? 0 : 1;

/** Ends what this run has started; the last step first. */
async function cleanUp() {
  for (const service of running.values()) await service.kill();
  for (const step of undo.splice(0).reverse()) await step();
  rmSync(folder, { recursive: true, force: true });
}

/** What the instances need. */
async function prepare() {
  await checks.run('compose: create-secrets.sh', () => compose.createSecrets());
  await checks.run('compose: an API key in api-keys.json', () => {
    const file = compose.secret('api-keys');
    const args = ['--name', 'me', '--scopes', 'process:start,process:read', '--file', file];
    const output = execFileSync(process.execPath, ['dist/src/auth/api-key.cli.js', ...args], {
      encoding: 'utf8',
    });
    key = output.trim().split('\n').at(-1);
  });
  await checks.run('compose: redis', async () => {
    const [program, ...parameters] = compose.command('redis');
    expect(program === 'redis-server', `its program is ${program}`);
    const redis = await startRedis(parameters);
    undo.push(() => redis.remove());
    compose.resolve('redis:6379', `${redis.host}:${redis.port}`);
  });
  await checks.run('compose: operaton', async () => {
    const engine = await reachRealEngine('operaton');
    undo.push(() => engine.stop());
    compose.resolve('http://operaton:8080/engine-rest', engine.baseUrl);
  });
  await checks.run('compose: database, on PostgreSQL', async () => {
    const { variables, drop } = await createTestDatabase('postgres');
    undo.push(drop);
    database = {
      DB_TYPE: 'postgres',
      DB_HOST: variables.TEST_DB_HOST,
      DB_PORT: variables.TEST_DB_PORT,
      DB_NAME: variables.TEST_DB_NAME,
      DB_USER: variables.TEST_DB_USER,
      DB_TRUST_SERVER_CERTIFICATE: 'off',
    };
  });
  await checks.run('compose: an instance does not start before the migration', async () => {
    const service = start('service-1');
    const code = await service.ended(BOOT_MS);
    expect(code === 1, `it ended with ${code}`);
    expect(/migration:run/.test(service.output), service.output);
  });
  await checks.run('compose: migration, twice', () => {
    compose.runOnce('migration', database);
    compose.runOnce('migration', database);
  });
}

function start(name) {
  const data = join(folder, name);
  mkdirSync(data, { recursive: true });
  const service = compose.start(name, { ...database, HOST: addresses[name], DATA_DIR: data });
  running.set(name, service);
  return service;
}

async function startInstances() {
  const names = ['service-1', 'service-2'];
  for (const name of names) start(name);
  for (const name of names)
    await checks.run(`compose: ${name} is ready`, () => running.get(name).ready(BOOT_MS));
}

async function startProxy() {
  const env = {
    PATH: process.env.PATH,
    ...(process.env.CI_RUN_MARK === undefined ? {} : { CI_RUN_MARK: process.env.CI_RUN_MARK }),
    PROXY_BIND: `${addresses.proxy}:${PORT}`,
    SERVICE_1: `${addresses['service-1']}:${PORT}`,
    SERVICE_2: `${addresses['service-2']}:${PORT}`,
  };
  const parameters = ['-f', 'deploy/compose/haproxy.cfg'];
  await checks.run('compose: the configuration of the proxy is valid', () => {
    const { status, stderr } = spawnSync('haproxy', ['-c', ...parameters], { env, encoding: 'utf8' });
    expect(status === 0, stderr);
    expect(!/\[WARNING\]/.test(stderr), stderr);
  });
  await checks.run('compose: proxy', async () => {
    const proxy = spawn('haproxy', ['-db', ...parameters], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    proxy.stderr.setEncoding('utf8').on('data', (text) => (output += text));
    const exited = new Promise((resolve) => proxy.once('exit', resolve));
    undo.push(async () => {
      proxy.kill('SIGKILL');
      await exited;
    });
    const isReady = () =>
      fetch(`http://${addresses.proxy}:${PORT}/health/ready`).then(
        ({ status }) => status,
        () => output,
      );
    await eventually(isReady, (status) => status === 200, BOOT_MS);
  });
}

async function useIt() {
  const proxy = `http://${addresses.proxy}:${PORT}`;
  await checks.run('compose: a request without a key is refused', async () => {
    const { status } = await fetch(`${proxy}/api/process/status/all`);
    expect(status === 401, `${status}`);
  });
  const traffic = new StartTraffic(proxy, key, { clients, prefix: `compose-${process.pid}` });
  try {
    await checks.run('compose: both instances work', async () => {
      await measured(() => traffic.more(processes, trafficMs(processes)));
      const sorted = traffic.durations.toSorted((a, b) => a - b);
      console.log(`# p50 ${sorted[sorted.length >> 1]} ms, longest ${sorted.at(-1)} ms`);
      expect(traffic.faults.length === 0, traffic.faults.join('\n'));
    });
    for (const name of ['service-1', 'service-2']) {
      await checks.run(`compose: ${name} is replaced under load without a fault for a client`, async () => {
        await stopTwice(running.get(name), STOP_MS);
        await traffic.more(clients, trafficMs(processes));
        await start(name).ready(BOOT_MS);
        await traffic.more(processes, trafficMs(processes));
        expect(traffic.faults.length === 0, traffic.faults.join('\n'));
      });
    }
    await checks.run('compose: service-2 is killed, and the other one does its work', async () => {
      await running.get('service-2').kill();
      await traffic.more(processes, trafficMs(processes));
    });
  } finally {
    await traffic.stop();
  }
  await checks.run('compose: every process has its result', () => {
    const results = [...traffic.results];
    const missing = results.filter(([, status]) => status !== 'ok');
    expect(missing.length === 0, missing.map((each) => each.join(': ')).join('\n'));
    console.log(`# ${results.length} processes, ${traffic.faults.length} faults after the kill`);
  });
}

/** Prints what the instances used during some work. */
async function measured(work) {
  const names = ['service-1', 'service-2'];
  const before = names.map((name) => usageOf(running.get(name)));
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1_000;
  console.log(`# both instances: ${Math.round(processes / seconds)} processes/s with ${clients} clients`);
  names.forEach((name, index) => {
    const after = usageOf(running.get(name));
    const cpu = ((after.cpuMs - before[index].cpuMs) / (seconds * 1_000)).toFixed(2);
    console.log(
      `# ${name}: ${cpu} cores, memory at rest ${before[index].memoryMb} MB, now ${after.memoryMb} MB, most ${after.mostMb} MB`,
    );
  });
}

/** Memory and processor time of an instance from /proc, which is there on Linux only. */
function usageOf(service) {
  const { pid } = service.child;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)[1]) / 1_000);
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  // In ticks of 10 ms.
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * 10;
  return { cpuMs, memoryMb: megabytes('VmRSS'), mostMb: megabytes('VmHWM') };
}
