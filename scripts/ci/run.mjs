// Runs the pipelines of CI three at a time and prints what failed, the seconds of each step, and the counts.
//
// `.ci/run` starts it after the installation of packages without their scripts, with `--build`: compiles the addon of SQLite
// and builds dist/ first. `--only WORD` runs only the other steps with this word in their name. The last line is
// `N passed, M failed`; the exit code is 0 only if nothing failed and each step ran a test.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { hasRedis } from '../../test/support/redis.server.mjs';
import { findRenderer } from '../lib/kustomize.mjs';
import { pipelines } from './pipelines.mjs';
import { MARK_VARIABLE, livingProcesses, signalProcess } from './processes.mjs';
import { runStep } from './step.mjs';

/** The time limit of the whole run in seconds: 21 minutes are usual on two cores, and a slow machine needs more than twice that. */
const BUDGET_SECONDS = 4_800;
/** Pipelines that run in parallel. CI has two cores, but the e2e and chaos suites wait for more than half of their time. */
const LANES = 3;
/** Maximum output of a failed step in characters; of a passed step only the last lines are printed. */
const FAILED_OUTPUT = 60_000;
const PASSED_LINES = 12;
/** How long the run waits for processes to end after their signal, in ms. */
const ENDING_MS = 10_000;

const { values: options } = parseArgs({
  options: { only: { type: 'string', default: '' }, build: { type: 'boolean', default: false } },
});
const began = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-ci-'));
const stop = new AbortController();
const results = [];
const run = { mark: process.env[MARK_VARIABLE] ?? `ci-run-${process.pid}`, groups: new Set() };
process.env[MARK_VARIABLE] = run.mark;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => stop.abort());

const hasSqlServer = (process.env.TEST_MSSQL_HOST ?? '') !== '';
const hasProxy = spawnSync('haproxy', ['-v']).status === 0;
const hasKustomize = findRenderer() !== null;
const { build, sources, others } = pipelines({ hasProxy, hasKustomize, hasSqlServer, hasRedis: hasRedis() });
const queue = others.map(chosen).filter(({ steps }) => steps.length > 0);

try {
  const built = options.build ? runPipeline(build) : Promise.resolve();
  const checked = runPipeline(chosen(sources));
  const firstLanes = [built, Promise.all([built, checked])];
  await Promise.all(Array.from({ length: LANES }, async (_, lane) => runLane(firstLanes[lane] ?? built)));
  await checkNothingRuns();
} finally {
  for (const { pid } of livingProcesses(run)) signalProcess(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
printSummary();

/** The pipeline with the steps that `--only` chooses. */
function chosen(pipeline) {
  return { ...pipeline, steps: pipeline.steps.filter(({ name }) => name.includes(options.only)) };
}

/** @param free resolves when the lane's first pipeline has ended and the service is built */
async function runLane(free) {
  await free;
  // Without a build each of their tests would fail.
  const isOfBuild = ({ step }) => build.steps.some(({ name }) => name === step.name);
  if (results.some((result) => result.failed > 0 && isOfBuild(result))) return;
  for (;;) {
    const pipeline = queue.shift();
    if (pipeline === undefined || stop.signal.aborted) return;
    await runPipeline(pipeline);
  }
}

/** The other steps run even if one fails. */
async function runPipeline({ name, open, steps }) {
  let server = { env: {}, close: async () => {} };
  try {
    if (open !== undefined) server = await timed(`start of ${name}`, open);
    for (const step of steps) {
      if (stop.signal.aborted) return;
      note(await runStep({ ...step, env: { ...server.env, ...step.env } }, limits()));
    }
  } catch (error) {
    note({ step: { name }, seconds: 0, passed: 0, failed: 1, faults: [error.message], log: '' });
  } finally {
    await server.close();
  }
}

function limits() {
  return {
    folder,
    secondsLeft: BUDGET_SECONDS - secondsSince(began),
    signal: stop.signal,
    groups: run.groups,
  };
}

async function timed(name, work) {
  const start = performance.now();
  const result = await work();
  results.push({ step: { name }, seconds: secondsSince(start), passed: 0, failed: 0, faults: [], log: '' });
  return result;
}

/** Prints the whole output of a step when it has ended, so that the outputs of pipelines do not mix. */
function note(result) {
  results.push(result);
  const { step, seconds, passed, failed, faults, log } = result;
  console.log(`── ${step.name}: ${passed} passed, ${failed} failed, ${seconds} s`);
  const shown =
    failed > 0 ? log.slice(-FAILED_OUTPUT) : log.trimEnd().split('\n').slice(-PASSED_LINES).join('\n');
  if (shown.trim() !== '') console.log(shown);
  for (const fault of faults) console.log(`FAILED: ${step.name}: ${fault}`);
}

async function checkNothingRuns() {
  const start = performance.now();
  while (livingProcesses(run).length > 0 && performance.now() - start < ENDING_MS) await delay(100);
  const faults = livingProcesses(run).map(({ pid, command }) => `left behind: ${pid} ${command}`);
  const failed = faults.length;
  note({
    step: { name: 'no process is left behind' },
    seconds: secondsSince(start),
    passed: failed === 0 ? 1 : 0,
    failed,
    faults,
    log: '',
  });
}

function printSummary() {
  console.log('── seconds');
  for (const { step, seconds } of [...results].sort((a, b) => b.seconds - a.seconds)) {
    console.log(`${String(seconds).padStart(6)}  ${step.name}`);
  }
  console.log(`${String(secondsSince(began)).padStart(6)}  the whole run, three pipelines at a time`);
  if (!hasRedis()) console.log('not run: the tests on Redis, because redis-server is not installed');
  if (!hasRedis() || !hasProxy)
    console.log('not run: the steps of compose.yaml, because redis-server or haproxy is not installed');
  if (!hasKustomize)
    console.log('not run: the rendering of manifests, because neither kubectl nor kustomize is installed');
  if (!hasSqlServer) console.log('not run: the suites on SQL Server, because TEST_MSSQL_HOST is not set');
  for (const { step, faults } of results)
    for (const fault of faults) console.log(`FAILED: ${step.name}: ${fault}`);
  const sum = (of) => results.reduce((total, result) => total + result[of], 0);
  const failed = sum('failed') + (stop.signal.aborted ? 1 : 0);
  console.log(`${sum('passed')} passed, ${failed} failed`);
  process.exitCode = failed === 0 && sum('passed') > 0 ? 0 : 1;
}

function secondsSince(start) {
  return Math.round((performance.now() - start) / 1_000);
}
