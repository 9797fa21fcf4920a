// The pipelines of CI. The steps of a pipeline run in sequence; pipelines run in parallel. Time limits end hanging steps:
// they are several times the duration of a step on two idle cores.
import { startRealEngine } from '../../test/reference-engines/real-engine.mjs';

/**
 * @typedef {{ env: Record<string, string>, close: () => Promise<void> }} Server variables that point the steps to it
 *
 * @typedef {{ name: string, open?: () => Promise<Server>, steps: import('./step.mjs').Step[] }} Pipeline
 *   `open` starts a server that all steps share
 */

/** One Jest worker per suite: the second core belongs to the pipeline beside it. */
const ONE_WORKER = '--maxWorkers=1';

/** The longest suite gets two. */
const TWO_WORKERS = '--maxWorkers=2';

/** Jest loads the service once for several files of e2e tests. */
const TOGETHER = '--files together';

/** How long a chaos run kills the service at random, in seconds; CONTRIBUTING.md names the long run. */
const CHAOS_SECONDS = '10';

/**
 * The pipelines: `build` first, and `sources` beside it, which need no build; then the others, the longest first. Three run
 * at a time, and a long one at the end would run alone.
 *
 * @param {{ hasProxy: boolean, hasKustomize: boolean, hasSqlServer: boolean, hasRedis: boolean }} machine
 * @returns {{ build: Pipeline, sources: Pipeline, others: Pipeline[] }}
 */
export function pipelines({ hasProxy, hasKustomize, hasSqlServer, hasRedis }) {
  const sources = hasKustomize
    ? { ...staticChecks, steps: [...staticChecks.steps, renderedManifests] }
    : staticChecks;
  const others = [
    tests,
    camunda7,
    builtService,
    postgres,
    embeddedEngine,
    hasRedis && hasProxy ? { ...operaton, steps: [...operaton.steps, composeSteps] } : operaton,
    ...(hasRedis ? [redis] : []),
    ...(hasSqlServer ? [sqlServer] : []),
  ];
  return { build, sources, others };
}

// What `npm ci` does without `--ignore-scripts`.
const build = {
  name: 'build',
  steps: [
    check('addon of SQLite', 900, 'npm rebuild --no-audit --no-fund'),
    check('build', 480, 'npm run --silent prepare'),
  ],
};

const staticChecks = {
  name: 'static checks',
  steps: [
    check('lint', 900, 'npm run --silent lint'),
    check('types', 480, 'npm run --silent typecheck'),
    check('import rules', 480, 'npm run --silent check:imports'),
    check('unused exports and dependencies', 480, 'npm run --silent check:unused'),
  ],
};

const renderedManifests = tap('rendered manifests', 120, 'node scripts/render-deployment.mjs --check');

// In the pipeline of Operaton, whose engine it uses.
const composeSteps = tap('steps of compose.yaml', 900, 'node scripts/check-compose-steps.mjs');

const tests = {
  name: 'tests',
  steps: [jest('tests with coverage', 2_700, `test:cov -- ${TWO_WORKERS}`)],
};

const embeddedEngine = {
  name: 'embedded engine',
  steps: [
    jest(
      'conformance of the embedded engine, in memory and in its file',
      1_500,
      `test:engine -- --target embedded,embedded-file ${ONE_WORKER}`,
    ),
    jest('e2e on the embedded engine', 1_500, `test:e2e -- ${TOGETHER} ${ONE_WORKER}`),
    jest(
      'e2e over the loopback port',
      1_500,
      `test:e2e -- --target embedded-http --about transport ${TOGETHER} ${ONE_WORKER}`,
    ),
  ],
};

const camunda7 = {
  name: 'Camunda 7',
  open: () => openEngine('camunda7'),
  steps: [
    // The conformance cases come last: they leave a thousand definitions, and Camunda parses each of them to list them.
    jest('e2e on Camunda 7', 1_500, `test:e2e -- --target camunda7 --about engine ${TOGETHER}`),
    tap('chaos on Camunda 7', 1_500, `node test/chaos/run.mjs --mode camunda7 --seconds ${CHAOS_SECONDS}`),
    jest('conformance cases on Camunda 7', 1_500, `test:engine -- --target camunda7 ${ONE_WORKER}`),
  ],
};

const operaton = {
  name: 'Operaton',
  open: () => openEngine('operaton'),
  steps: [
    jest('e2e on Operaton', 1_500, `test:e2e -- --target operaton --about fork ${TOGETHER}`),
    tap(
      'cluster on Operaton, with Redis if it is installed',
      900,
      'node test/cluster/run.mjs --processes 200 --rate 8',
    ),
    jest('conformance cases on Operaton', 1_500, `test:engine -- --target operaton ${ONE_WORKER}`),
  ],
};

const postgres = {
  name: 'PostgreSQL',
  steps: [
    jest('repositories on PostgreSQL', 1_500, `test:db -- --db postgres --suite repositories ${ONE_WORKER}`),
    jest(
      'e2e on PostgreSQL',
      1_500,
      `test:db -- --db postgres --suite e2e --about database ${TOGETHER} ${ONE_WORKER}`,
    ),
    tap(
      'chaos on PostgreSQL',
      900,
      `node test/chaos/run.mjs --db postgres --mode inside --seconds ${CHAOS_SECONDS}`,
    ),
    tap('PostgreSQL killed under load', 600, 'node test/chaos/database-killed.mjs --kills 3'),
    tap('PostgreSQL fails over under load', 600, 'node test/chaos/failover.mjs'),
  ],
};

const sqlServer = {
  name: 'SQL Server',
  steps: [
    jest('repositories on SQL Server', 1_500, `test:db -- --db mssql --suite repositories ${ONE_WORKER}`),
    jest(
      'e2e on SQL Server',
      1_500,
      `test:db -- --db mssql --suite e2e --about database ${TOGETHER} ${ONE_WORKER}`,
    ),
  ],
};

const redis = {
  name: 'Redis',
  // It uses a Redis that it starts.
  steps: [{ ...jest('tests on Redis', 600, `test:redis -- ${ONE_WORKER}`), env: { TEST_REDIS_URL: '' } }],
};

const builtService = {
  name: 'built service',
  steps: [
    jest('built service: boot, faults, disks, kills', 1_800, `test:built -- ${ONE_WORKER}`),
    tap('smoke run of the built service', 480, 'node scripts/smoke.mjs'),
    tap('steps of the image', 1_200, 'node scripts/check-image-steps.mjs'),
    // The health route shares two cores with another pipeline here: its speed is printed but not checked.
    tap('abuse of the built service', 900, 'node test/abuse/run.mjs --scale 0.05 --seconds 4 --print-health'),
    tap(
      'chaos, with the engine inside and apart',
      1_500,
      `node test/chaos/run.mjs --mode inside,apart --seconds ${CHAOS_SECONDS}`,
    ),
  ],
};

async function openEngine(target) {
  const engine = await startRealEngine(target);
  return { env: { CAMUNDA_BASE_URL: engine.baseUrl }, close: () => engine.stop() };
}

function check(name, seconds, command) {
  return { name, kind: 'check', seconds, command: command.split(' ') };
}

function tap(name, seconds, command) {
  return { name, kind: 'tap', seconds, command: command.split(' ') };
}

function jest(name, seconds, script) {
  return { name, kind: 'jest', seconds, command: ['npm', 'run', '--silent', ...script.split(' ')] };
}
