// npm run test:e2e -- [--target embedded-inproc|embedded-http|camunda7|operaton] [--about engine|database|transport]
//   [options of Jest]
//
// `--about` skips the specs with the same result on every engine, on every database, or over each transport to the engine.
// TEST_DB=postgres|mssql and TEST_DB_* put the services on a database server (npm run test:db does).
//
// Runs the e2e tests of the service on one engine. Only the variables of the engine differ between the targets. A real
// engine is the one at CAMUNDA_BASE_URL if it is set, otherwise one that this script starts and stops.
import { spawn } from 'node:child_process';
import { REAL_ENGINES, reachRealEngine } from '../test/reference-engines/real-engine.mjs';
import { takeOptions } from './lib/own-options.mjs';

const EMBEDDED = {
  'embedded-inproc': { EMBEDDED_TRANSPORT: 'inproc' },
  'embedded-http': { EMBEDDED_TRANSPORT: 'http' },
};

/** Specs of the HTTP side of the service, which do not depend on the engine or the database. */
const HTTP_ONLY = [
  'authentication',
  'boot-faults',
  'browsers',
  'connections',
  'docs-page',
  'large-bodies',
  'openapi',
  'partners',
  'redaction',
  'request-bounds',
  'slow-clients',
  'tls',
];

/** Specs of what the database stores. */
const DATABASE_ONLY = ['answer-bounds', 'events', 'list', 'newer-schema', 'retention', 'sqlite/'];

/** Specs of what the engine answers. */
const ENGINE_ONLY = [
  'embedded/',
  'engine-answers',
  'engine-credentials',
  'refused-definition',
  'suspension',
  'waiting-for',
];

/** Specs of what the service does with answers that are the same over each transport. */
const SAME_OVER_TRANSPORTS = [
  'authorization',
  'error-codes',
  'exactly-once',
  'outcomes',
  'tenants',
  'waiting.e2e',
];

/** The specs that each value of `--about` skips. */
const LEFT_OUT = {
  all: [],
  engine: [...HTTP_ONLY, ...DATABASE_ONLY],
  database: [...HTTP_ONLY, ...ENGINE_ONLY],
  transport: [...HTTP_ONLY, ...DATABASE_ONLY, ...SAME_OVER_TRANSPORTS],
};

const { target, about, jestOptions } = readArguments(process.argv.slice(2));
const engine = await reachEngine(target);
try {
  process.exitCode = await runJest(
    [...engine.jestOptions, ...ignoredSpecs(target, about), ...jestOptions],
    engine.variables,
  );
} finally {
  await engine.stop();
}

function readArguments(given) {
  const { options, rest } = takeOptions(given, { target: 'embedded-inproc', about: 'all' });
  oneOf('--target', options.target, [...Object.keys(EMBEDDED), ...REAL_ENGINES]);
  oneOf('--about', options.about, Object.keys(LEFT_OUT));
  return { ...options, jestOptions: rest };
}

function oneOf(option, value, known) {
  if (known.includes(value)) return;
  console.error(`${option} must be one of: ${known.join(', ')}`);
  process.exit(2);
}

/** The engine of a target: variables for the service, and options for Jest. */
async function reachEngine(name) {
  if (name in EMBEDDED) return { variables: EMBEDDED[name], jestOptions: [], stop: async () => {} };
  const { baseUrl, stop } = await reachRealEngine(name);
  return {
    variables: { CAMUNDA_BASE_URL: baseUrl, CAMUNDA_DEPLOY: 'on' },
    // All services of the run share the engine and would fetch each other's tasks, so one file runs at a time.
    jestOptions: ['--maxWorkers=1'],
    stop,
  };
}

/** Folders for other engines and databases, and the specs that `--about` skips. */
function ignoredSpecs(name, about) {
  const specs = [
    ...(name in EMBEDDED ? [] : ['embedded/']),
    ...((process.env.TEST_DB ?? 'sqlite') === 'sqlite' ? [] : ['sqlite/']),
    ...LEFT_OUT[about],
  ];
  return ['/node_modules/', ...specs.map((spec) => `/e2e/${spec}`)].map(
    (pattern) => `--testPathIgnorePatterns=${pattern}`,
  );
}

function runJest(options, variables) {
  const {
    CAMUNDA_BASE_URL: _shared,
    CAMUNDA_DEPLOY: _deploy,
    EMBEDDED_TRANSPORT: _way,
    ...inherited
  } = process.env;
  const jest = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      '--testPathPatterns=test/e2e/',
      ...options,
    ],
    { stdio: 'inherit', env: { ...inherited, ...variables } },
  );
  // A signal ends Jest first, then the engine.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
  return new Promise((resolve) => jest.once('exit', (code) => resolve(code ?? 1)));
}
