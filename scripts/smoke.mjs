// Starts the built service like a user (`npm start`, a new data folder), makes the calls of the README, compares their
// status codes with those of the README, and stops the service with two SIGTERMs. `.ci/run` runs it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, eventually, expect } from './lib/checks.mjs';
import { readmeExamples } from './lib/readme.examples.mjs';
import { ServiceProcess, stopTwice } from './lib/service.process.mjs';

const BOOT_MS = 30_000;
const CALL_MS = 30_000;
const STOP_MS = 30_000;
/** The five ways of a process in the README, and the second request for the slow one. */
const LEAST_EXAMPLES = 6;

async function call(service, { method, url, headers, body }) {
  const target = service.baseUrl + url.pathname + url.search;
  const answer = await fetch(target, { method, headers, body, signal: AbortSignal.timeout(CALL_MS) });
  return { status: answer.status, text: await answer.text() };
}

/** Repeats a status request until its status is that of the README, because the process may still run. */
async function makeExample(service, example) {
  const isExpected = (answer) => answer.status === example.status;
  if (example.method === 'GET')
    return void (await eventually(() => call(service, example), isExpected, CALL_MS));
  const answer = await call(service, example);
  expect(isExpected(answer), `expected ${example.status}, got ${answer.status}: ${answer.text}`);
}

const checks = new Checks();
const dataDir = mkdtempSync(join(tmpdir(), 'fastify-camunda-smoke-'));
// Shorter than the defaults of the README's slow example.
const env = {
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  PORT: '0',
  DATA_DIR: dataDir,
  SYNC_TIMEOUT_MS: '6000',
  SIMULATOR_SLOW_MS: '8000',
};
if (process.env.CI_RUN_MARK !== undefined) env.CI_RUN_MARK = process.env.CI_RUN_MARK;
const service = new ServiceProcess('npm', ['start', '--silent'], { env });
try {
  await checks.run('smoke: npm start becomes ready', () => service.ready(BOOT_MS));
  if (checks.failed === 0) {
    const examples = readmeExamples('README.md');
    await checks.run('smoke: the README shows its examples', () =>
      expect(examples.length >= LEAST_EXAMPLES, `found ${examples.length} curl calls with an answer`),
    );
    for (const example of examples) {
      const body = example.body === undefined ? '' : ` ${example.body}`;
      const name = `smoke: ${example.method} ${example.url.pathname}${body} answers ${example.status}`;
      await checks.run(name, () => makeExample(service, example));
    }
    await checks.run('smoke: two SIGTERMs end it with exit code 0', () => stopTwice(service, STOP_MS));
  }
} finally {
  await service.kill();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exitCode = checks.failed === 0 ? 0 : 1;
