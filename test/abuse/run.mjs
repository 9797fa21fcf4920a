// npm run test:abuse [-- --scale 0.1 --seconds 15 --only large-starts-away,nul-ids --print-health]
//
// Runs attacks, each from one client in a process of its own, against the built service with a heap of 512 MiB, and holds
// that the service neither ends nor hangs: it is alive and takes part in the whole run, its health answers quickly
// meanwhile (watch.mjs says how that is measured), and everybody else is served meanwhile and afterwards. Full size is the
// default; `--scale` makes the counts smaller, `--seconds` bounds an attack. `--print-health` prints how quickly health answers and
// holds it to no limit, for a machine that runs other suites meanwhile. `npm run build` comes first.
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

/** Checks that are no attack of `attacks.mjs`. */
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

/** How long after an attack others may have to wait for a quick start, in ms. */
const AFTER_MS = 30_000;

/** How long an attacker may take beyond its seconds, to end what it has begun, in ms. */
const GRACE_MS = 60_000;

/** How long a boot may take to start all that the attacks have stored, in ms. */
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

/** Each has a database of its own. */
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

/** All attacks on a service whose engine is inside, away or hung; then a boot on what they have left. */
async function runSession(engine) {
  const names = Object.keys(ATTACKS).filter((name) => ATTACKS[name].engine === engine && isWanted(name));
  if (names.length === 0) return;
  const env = { DATA_DIR: join(dataDir, engine), ...ENGINES[engine] };
  let service = new AbusedService(env);
  try {
    await service.listening();
    for (const name of names) {
      if (!service.isAlive) service = await revived(service, env);
      await runAttack(name, service, engine === 'inside' ? 200 : 202);
    }
    if (engine !== 'away' || !isWanted(BOOT)) return;
    await service.kill();
    // With an engine inside, which takes every start that the attacks have left.
    service = new AbusedService({ DATA_DIR: env.DATA_DIR });
    await runBoot(service);
  } finally {
    await service.kill();
  }
}

/** Another process on the same files, so that one attack that ended the service does not hide what the next ones do. */
async function revived(service, env) {
  await service.kill();
  const next = new AbusedService(env);
  await next.listening();
  return next;
}

async function runAttack(name, service, startStatus) {
  await quickStart(service.baseUrl);
  const stop = watch(service, control, startStatus);
  const seen = await attacker(name, service.baseUrl);
  const watched = await stop();
  console.log(
    `# ${name}: ${JSON.stringify(seen.said)}; ${watched.said}; memory ${JSON.stringify(service.memory())} MiB`,
  );
  await checks.run(`${name}: the service lives`, () =>
    expect(service.isAlive, `it has ended with ${service.process.exitCode}:\n${service.output}`),
  );
  await checkHealth(name, watched);
  await checks.run(`${name}: everybody else is served meanwhile`, () =>
    expect(watched.faults.length === 0, [...new Set(watched.faults)].slice(0, 5).join('\n')),
  );
  await checks.run(`${name}: and afterwards`, () => isServed(service, startStatus));
  for (const [what, holds] of Object.entries(seen.must ?? {})) {
    await checks.run(`${name}: ${what}`, () => expect(holds, JSON.stringify(seen.said)));
  }
}

async function checkHealth(name, watched) {
  if (values['print-health']) return;
  await checks.run(`${name}: its health answers in time`, () => expect(watched.isQuick, watched.said));
}

function isServed(service, startStatus) {
  return eventually(
    async () => (await quickStart(service.baseUrl).catch((error) => ({ status: error.message }))).status,
    (status) => status === startStatus || !service.isAlive,
    AFTER_MS,
  ).then(() => expect(service.isAlive, `it has ended:\n${service.output}`));
}

/** Runs an attack in a process of its own, which leaves the processor to the service. @returns what it says */
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

/** A boot on a database full of large starts listens, and is ready, as others do. */
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
  await checks.run(`${BOOT}: starts what is stored`, () =>
    eventually(
      () =>
        ask(`${service.baseUrl}/health`).then(({ text }) => JSON.parse(text).details?.startBacklog?.starts),
      (starts) => starts === 0,
      STORED_MS,
    ),
  );
  const watched = await stop();
  console.log(`# ${BOOT}: ${watched.said}; memory ${JSON.stringify(service.memory())} MiB`);
  await checks.run(`${BOOT}: the service lives`, () => expect(service.isAlive, service.output));
  await checkHealth(BOOT, watched);
  await checks.run(`${BOOT}: quick starts are served`, () =>
    expect(watched.faults.length === 0, [...new Set(watched.faults)].slice(0, 5).join('\n')),
  );
}

/** A client that reads 20 MB slowly has all of them, although the service is asked to stop meanwhile. */
async function runSlowReader() {
  const service = new AbusedService({ DATA_DIR: join(dataDir, 'slow'), HTTP_BODY_LIMIT_BYTES: '33554432' });
  try {
    const baseUrl = await service.listening();
    await checks.run(`${SLOW_READER}: the whole answer arrives, and the stop is orderly`, async () => {
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

/** Reads a large answer at a constant rate. @returns its bytes, and when the first of them have come */
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
