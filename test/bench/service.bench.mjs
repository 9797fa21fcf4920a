// npm run bench [-- --count 2000 --concurrency 1,50]
//
// Starts the built service as a process of its own on its embedded default, with the database in a temporary
// folder, drives onboard-user through REST over loopback and prints rate and latency for each concurrency.
// Machines differ and are noisy: compare rows of one run, or two builds run in turn.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '2000' }, concurrency: { type: 'string', default: '1,50' } },
});

const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-bench-'));
const service = spawn(process.execPath, ['dist/src/main.js'], {
  env: { PATH: process.env.PATH, PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'info' },
  stdio: ['ignore', 'pipe', 'inherit'],
});

try {
  const pool = new Pool(await listening(), { connections: 100 });
  await run(pool, 'warm-up', 500, 50);
  for (const concurrency of values.concurrency.split(',').map(Number)) {
    const count = concurrency === 1 ? Math.min(Number(values.count), 500) : Number(values.count);
    await run(pool, `${concurrency} in flight`, count, concurrency);
  }
  await pool.close();
} finally {
  service.kill('SIGTERM');
  await new Promise((resolve) => service.once('exit', resolve));
  rmSync(dataDir, { recursive: true, force: true });
}

async function listening() {
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

async function run(pool, name, count, concurrency) {
  const latencies = [];
  let next = 0;
  const began = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (let n = next++; n < count; n = next++) {
        const id = `bench-${name.replaceAll(' ', '-')}-${n}`;
        const sent = performance.now();
        const { statusCode, body } = await pool.request({
          method: 'POST',
          path: '/api/process/start',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ processKey: 'onboard-user', correlationId: id, variables: { userId: id } }),
        });
        await body.dump();
        if (statusCode !== 200) throw new Error(`${id} was answered ${statusCode}`);
        latencies.push(performance.now() - sent);
      }
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(latencies.length * share)].toFixed(1);
  console.log(
    `${name.padEnd(14)} ${String(Math.round(count / seconds)).padStart(6)} processes/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`,
  );
}
