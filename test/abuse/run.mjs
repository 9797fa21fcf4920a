// npm run test:abuse [-- --scale 0.1 --seconds 15 --only large-starts-away,nul-ids --print-health]
//
// Runs attacks on the built service with a heap of 512 MiB, each from one client in a separate process. It checks that the
// service neither ends nor hangs, that its health route responds quickly during the attack (watch.mjs describes the
// measurement), and that other clients are served during the attack and afterwards. The default is the full size;
// `--scale` reduces the counts, `--seconds` limits an attack. `--print-health` only prints the times of the health route,
// for a machine that runs other tests at the same time. Run `npm run build` first.
// Prints lines of the Test Anything Protocol.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Checks, eventually, expect } from '../../scripts/lib/checks.mjs';
import { ATTACKS } from './attacks.mjs';
import { AbusedService } from './service.mjs';
import { ask, quickStart, startControl, watch } from './watch.mjs';

const ATTACKER = fileURLToPath(new URL('./attacker.mjs', import.meta.url));

/** Checks besides the attacks of `attacks.mjs`. */
const BOOT = 'boot-on-stored';
const SLOW_READER = 'slow-reader-at-stop';

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '60' },
    only: { type: 'string' },
    'print-health': { type: 'boolean', default: false },
  },
});

/** Time limit of a quick start after an attack, in ms. */
const AFTER_MS = 30_000;

/** Duration of the run without an attack, in ms. */
const QUIET_MS = 3_000;

/** Extra time of an attacker to finish its open requests, in ms. */
const GRACE_MS = 60_000;

/** Time limit of a boot to start everything that the attacks have stored, in ms. */
const STORED_MS = 300_000;

const SLOW_BYTES = 20_000_000;
const SLOW_BYTES_PER_SECOND = 4_000_000;

const wanted = values.only?.split(',');
const isWanted = (name) => wanted === undefined || wanted.includes(name);

const checks = new Checks();
const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-abuse-'));
const control = await startControl();
const hung = net.createServer((socket) => socket.on('error', () => undefined).resume());
await new Promise((resolve) => hung.listen(0, '127.0.0.1', resolve));

/** Each has its own database. */
const ENGINES = {
  inside: {},
  // Nothing listens on the port of "discard".
  away: { CAMUNDA_BASE_URL: 'http://127.0.0.1:9/engine-rest', SYNC_TIMEOUT_MS: '1000' },
  hung: { CAMUNDA_BASE_URL: `http://127.0.0.1:${hung.address().port}/engine-rest`, SYNC_TIMEOUT_MS: '3000' },
};

try {
  for (const engine of Object.keys(ENGINES)) await runSession(engine);
  if (isWanted(SLOW_READER)) await runSlowReader();
} finally {
  await control.stop();
  hung.close();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exitCode = checks.failed === 0 ? 0 : 1;

/** All attacks on a service with its engine inside, unavailable or hanging; then a boot with the stored starts. */
async function runSession(engine) {
  const names = Object.keys(ATTACKS).filter((name) => ATTACKS[name].engine === engine && isWanted(name));
  if (names.length === 0) return;
  const env = { DATA_DIR: join(dataDir, engine), ...ENGINES[engine] };
  let service = new AbusedService(env);
  try {
    await service.listening();
    const quiet = await quietP99(service, engine === 'inside' ? 200 : 202);
    for (const name of names) {
      if (!service.isAlive) service = await revived(service, env);
      await runAttack(name, service, engine === 'inside' ? 200 : 202, quiet);
    }
    if (engine !== 'away' || !isWanted(BOOT)) return;
    await service.kill();
    // With the engine inside, which accepts all stored starts.
    service = new AbusedService({ DATA_DIR: env.DATA_DIR });
    await runBoot(service);
  } finally {
    await service.kill();
  }
}

/** A new process on the same files, so that an attack that ended the service does not hide the effects of the next. */
async function revived(service, env) {
  await service.kill();
  const next = new AbusedService(env);
  await next.listening();
  return next;
}

/** The p99 of the health route without an attack, in ms. */
async function quietP99(service, startStatus) {
  await quickStart(service.baseUrl);
  const stop = watch(service, control, startStatus);
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  return (await stop()).p99;
}

async function runAttack(name, service, startStatus, quiet) {
  await quickStart(service.baseUrl);
  const stop = watch(service, control, startStatus);
  const seen = await attacker(name, service.baseUrl);
  const watched = await stop();
  console.log(
    `# ${name}: ${JSON.stringify(seen.said)}; ${watched.said}, ${(watched.p99 / quiet).toFixed(1)} times a quiet run; memory ${JSON.stringify(service.memory())} MiB`,
  );
  await checks.run(`${name}: the service is alive`, () =>
    expect(service.isAlive, `it has ended with ${service.process.exitCode}:\n${service.output}`),
  );
  await checkHealth(name, watched);
  await checks.run(`${name}: other clients are served during the attack`, () =>
    expect(watched.faults.length === 0, [...new Set(watched.faults)].slice(0, 5).join('\n')),
  );
  await checks.run(`${name}: other clients are served afterwards`, () => isServed(service, startStatus));
  for (const [what, holds] of Object.entries(seen.must ?? {})) {
    await checks.run(`${name}: ${what}`, () => expect(holds, JSON.stringify(seen.said)));
  }
}

async function checkHealth(name, watched) {
  if (values['print-health']) return;
  await checks.run(`${name}: its health route responds in time`, () => expect(watched.isQuick, watched.said));
}

function isServed(service, startStatus) {
  return eventually(
    async () => (await quickStart(service.baseUrl).catch((error) => ({ status: error.message }))).status,
    (status) => status === startStatus || !service.isAlive,
    AFTER_MS,
  ).then(() => expect(service.isAlive, `it has ended:\n${service.output}`));
}

/** Runs an attack in a separate process with a lower priority than the service. @returns its observations */
async function attacker(name, baseUrl) {
  const parameters = [ATTACKER, name, baseUrl, values.scale, values.seconds];
  const child = spawn('nice', ['-n', '19', process.execPath, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), Number(values.seconds) * 1_000 + GRACE_MS);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  await new Promise((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  return output === '' ? { said: 'nothing', must: { 'the attack ends': false } } : JSON.parse(output);
}

/** A boot on a database with many large starts listens and becomes ready like any other. */
async function runBoot(service) {
  await service.listening();
  const stop = watch(service, control, 200);
  await checks.run(`${BOOT}: is ready`, () =>
    eventually(
      () => ask(`${service.baseUrl}/health/ready`).then(({ status }) => status),
      (status) => status === 200,
      AFTER_MS,
    ),
  );
  await checks.run(`${BOOT}: starts the stored processes`, () =>
    eventually(
      () =>
        ask(`${service.baseUrl}/health`).then(({ text }) => JSON.parse(text).details?.startBacklog?.starts),
      (starts) => starts === 0,
      STORED_MS,
    ),
  );
  const watched = await stop();
  console.log(`# ${BOOT}: ${watched.said}; memory ${JSON.stringify(service.memory())} MiB`);
  await checks.run(`${BOOT}: the service is alive`, () => expect(service.isAlive, service.output));
  await checkHealth(BOOT, watched);
  await checks.run(`${BOOT}: quick starts are served`, () =>
    expect(watched.faults.length === 0, [...new Set(watched.faults)].slice(0, 5).join('\n')),
  );
}

/** A client that reads 20 MB slowly receives all of them, although the service stops at the same time. */
async function runSlowReader() {
  const service = new AbusedService({ DATA_DIR: join(dataDir, 'slow'), HTTP_BODY_LIMIT_BYTES: '33554432' });
  try {
    const baseUrl = await service.listening();
    await checks.run(`${SLOW_READER}: the whole response arrives, and the stop is orderly`, async () => {
      const data = 'x'.repeat(SLOW_BYTES);
      const { status } = await ask(`${baseUrl}/api/process/complete`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ correlationId: 'slow', status: 'ok', data }),
      });
      expect(status === 200, `the completion answered ${status}`);
      const { read, began } = readSlowly(baseUrl);
      await began;
      const code = service.stop();
      const length = await read;
      expect(length >= SLOW_BYTES, `the reader was cut after ${length} bytes`);
      expect((await code) === 0, `the service ended with ${await code}:\n${service.output}`);
    });
  } finally {
    await service.kill();
  }
}

/** Reads a large response at a constant rate. @returns its bytes, and the time of the first of them */
function readSlowly(baseUrl) {
  const { hostname, port } = new URL(baseUrl);
  const socket = net.connect({ host: hostname, port: Number(port) });
  socket.write('GET /api/process/status/slow HTTP/1.1\r\nHost: service\r\nConnection: close\r\n\r\n');
  const began = new Promise((resolve) => socket.once('data', resolve));
  const read = new Promise((resolve) => {
    let length = 0;
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(length));
    socket.on('data', (chunk) => {
      length += chunk.length;
      socket.pause();
      setTimeout(() => socket.resume(), (chunk.length / SLOW_BYTES_PER_SECOND) * 1_000);
    });
  });
  return { read, began };
}
