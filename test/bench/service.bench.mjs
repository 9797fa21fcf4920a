// npm run bench [-- --seconds 5 --concurrency 1,50 --transport inproc,http --build dist,../other/dist --sync-ms 0
//   --auth none,api-key --rounds 1]
//
// Starts the built service as a separate process with the options of `npm start`, the embedded engine and a database in a
// temporary folder. It drives onboard-user over REST from this process and prints rate and latency for each concurrency.
// Several transports or builds take turns in each round, each with its own service. --sync-ms 5,15 adds this many milliseconds to each flush, to simulate slow disks (Linux with
// a C compiler only); 0 changes nothing.
// --auth lists values of AUTH_MODE, none or api-key, that take turns in the same way.
// Machines differ and are noisy: compare rows of one run. The CPU time (Linux only) is disturbed least by neighbours.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    concurrency: { type: 'string', default: '1,50' },
    transport: { type: 'string', default: 'inproc,http' },
    build: { type: 'string', default: 'dist' },
    'sync-ms': { type: 'string', default: '0' },
    auth: { type: 'string', default: 'none' },
    rounds: { type: 'string', default: '1' },
    // Further options of Node for the service, e.g. --cpu-prof.
    node: { type: 'string', default: '' },
  },
});

/** The Node options of `npm start`. */
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const START_OPTIONS = scripts.start.split(' ').filter((word) => word.startsWith('--'));

/** Processes before the measurement, so that the code is compiled. */
const WARM_UP_SECONDS = 3;
const WARM_UP_CONCURRENCY = 50;

const temporary = mkdtempSync(join(tmpdir(), 'fastify-camunda-bench-'));
const syncDelays = values['sync-ms'].split(',').map(Number);
const slowSync = syncDelays.some((ms) => ms > 0) ? buildSlowSync() : null;

console.log(
  'build            transport  auth     sync ms  in flight  processes/s    p50 ms    p99 ms  CPU µs/process',
);
try {
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const syncMs of syncDelays) {
      for (const transport of values.transport.split(',')) {
        for (const auth of values.auth.split(',')) {
          for (const build of values.build.split(',')) await measure(build, transport, syncMs, auth);
        }
      }
    }
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

/** Compiles the library that slows down flushes; returns its path. */
function buildSlowSync() {
  const library = join(temporary, 'slow-sync.so');
  const source = fileURLToPath(new URL('support/slow-sync.c', import.meta.url));
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], { stdio: 'inherit' });
  return library;
}

/** Runs one service and prints a row for each concurrency. */
async function measure(build, transport, syncMs, auth) {
  const dataDir = mkdtempSync(join(temporary, 'data-'));
  const { variables, headers } = auth === 'none' ? { variables: {}, headers: {} } : withApiKey(dataDir);
  const service = spawn(
    process.execPath,
    [...START_OPTIONS, ...values.node.split(' ').filter(Boolean), join(build, 'src/main.js')],
    {
      env: {
        PATH: process.env.PATH,
        PORT: '0',
        DATA_DIR: dataDir,
        LOG_LEVEL: 'info',
        EMBEDDED_TRANSPORT: transport,
        ...variables,
        EMBEDDED_ENGINE_PORT: '0',
        ...(syncMs > 0 ? { LD_PRELOAD: slowSync, SLOW_SYNC_MS: String(syncMs) } : {}),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const pool = new Pool(await listening(service), { connections: 100 });
    await drive(pool, 'warm-up', WARM_UP_SECONDS, WARM_UP_CONCURRENCY, headers);
    for (const concurrency of values.concurrency.split(',').map(Number)) {
      const cpuBefore = cpuMicros(service.pid);
      const { count, rate, p50, p99 } = await drive(
        pool,
        `at-${concurrency}`,
        Number(values.seconds),
        concurrency,
        headers,
      );
      const cells = [build.padEnd(16), transport.padEnd(9), auth.padEnd(8)];
      cells.push(
        String(syncMs).padStart(7),
        String(concurrency).padStart(10),
        String(Math.round(rate)).padStart(12),
      );
      const cpu = (cpuMicros(service.pid) - cpuBefore) / count;
      cells.push(p50.toFixed(1).padStart(9), p99.toFixed(1).padStart(9), cpu.toFixed(0).padStart(15));
      console.log(cells.join(' '));
    }
    await pool.close();
  } finally {
    service.kill('SIGTERM');
    if (service.exitCode === null) await new Promise((resolve) => service.once('exit', resolve));
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The variables of a service that asks for an API key, and the headers of a caller that has one. */
function withApiKey(folder) {
  const key = 'fc_bench';
  const file = join(folder, 'keys.json');
  const sha256 = createHash('sha256').update(key).digest('hex');
  const keys = [{ name: 'bench', sha256, scopes: ['process:start'] }];
  writeFileSync(file, JSON.stringify({ keys }), { mode: 0o600 });
  return {
    variables: { AUTH_MODE: 'api-key', API_KEYS_FILE: file },
    headers: { authorization: `Bearer ${key}` },
  };
}

/** CPU time of a process in µs; NaN if the system does not provide it. Linux counts in ticks of 10 ms. */
function cpuMicros(pid) {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return NaN;
  const [user, system] = readFileSync(file, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number);
  return (user + system) * 10_000;
}

async function listening(service) {
  let output = '';
  for await (const chunk of service.stdout) {
    output += chunk;
    const url = /listens on (http:\/\/[^;"]+);/.exec(output)?.[1];
    if (url !== undefined) {
      service.stdout.on('data', () => {});
      service.stdout.resume();
      return url;
    }
  }
  throw new Error(`The service did not start:\n${output}`);
}

/** Starts processes for some seconds with a fixed concurrency; each request waits for its result. */
async function drive(pool, name, seconds, concurrency, headers) {
  const latencies = [];
  const began = performance.now();
  const until = began + seconds * 1_000;
  await Promise.all(
    Array.from({ length: concurrency }, async (_, lane) => {
      for (let n = 0; performance.now() < until; n += 1) {
        const id = `bench-${name}-${lane}-${n}`;
        const sent = performance.now();
        const { statusCode, body } = await pool.request({
          method: 'POST',
          path: '/api/process/start',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ processKey: 'onboard-user', correlationId: id, variables: { userId: id } }),
        });
        await body.dump();
        if (statusCode !== 200) throw new Error(`${id} was answered ${statusCode}`);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const rate = latencies.length / ((performance.now() - began) / 1_000);
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)];
  return { count: latencies.length, rate, p50: at(0.5), p99: at(0.99) };
}
