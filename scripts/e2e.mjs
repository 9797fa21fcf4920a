// npm run test:e2e -- [--target embedded-inproc|embedded-http|camunda7|operaton] [--about engine|fork|database|transport]
//   [--files apart|together] [paths] [options of Jest]
//
// `--files together` runs several spec files as one unless paths are given: faster for the whole suite, while a failure names a group of files.
// `--about` skips the specs with the same result on every engine, on every database, or over each transport to the engine;
// `fork` also those that a fork of an engine cannot change, if they run on that engine.
// TEST_DB=postgres|mssql and TEST_DB_* put the services on a database server (npm run test:db does).
//
// Runs the e2e tests of the service on one engine. Only the variables of the engine differ between the targets. A real
// engine is the one at CAMUNDA_BASE_URL if it is set, otherwise one that this script starts and stops.
import { REAL_ENGINES, reachRealEngine } from '../test/reference-engines/real-engine.mjs';
import { runJest } from './lib/jest.mjs';
import { separatePaths, takeOptions } from './lib/own-options.mjs';
import { writeSpecGroups } from './lib/spec-groups.mjs';

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
  'complete.e2e',
  'error-codes',
  'exactly-once',
  'outcomes',
  'start-contract',
  'tenants',
  'waiting.e2e',
];

/** Specs that need an engine but not its particular answers: they run on Camunda 7, and not again on its forks. */
const SAME_ON_FORKS = ['authorization', 'engine-cut-off', 'error-codes', 'life.e2e'];

/** The specs that each value of `--about` skips. */
const LEFT_OUT = {
  all: [],
  engine: [...HTTP_ONLY, ...DATABASE_ONLY],
  fork: [...HTTP_ONLY, ...DATABASE_ONLY, ...SAME_ON_FORKS],
  database: [...HTTP_ONLY, ...ENGINE_ONLY],
  transport: [...HTTP_ONLY, ...DATABASE_ONLY, ...SAME_OVER_TRANSPORTS],
};

const { target, about, files, paths, jestOptions } = readArguments(process.argv.slice(2));
const ignored = ignoredSpecs(target, about);
const groups = files === 'together' && paths.length === 0 ? writeSpecGroups('test/e2e', ignored) : null;
let engine = null;
try {
  engine = await reachEngine(target);
  process.exitCode = await runJest(
    [
      ...engine.jestOptions,
      ...(groups === null ? filesApart(paths, ignored) : filesTogether(groups)),
      ...jestOptions,
    ],
    environmentOf(engine.variables),
  );
} finally {
  groups?.remove();
  await engine?.stop();
}

function readArguments(given) {
  const { options, rest } = takeOptions(given, { target: 'embedded-inproc', about: 'all', files: 'apart' });
  oneOf('--target', options.target, [...Object.keys(EMBEDDED), ...REAL_ENGINES]);
  oneOf('--about', options.about, Object.keys(LEFT_OUT));
  oneOf('--files', options.files, ['apart', 'together']);
  const { paths, options: jestOptions } = separatePaths(rest);
  return { ...options, paths, jestOptions };
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

/** Patterns of the folders for other engines and databases, and of the specs that `--about` skips. */
function ignoredSpecs(name, about) {
  const specs = [
    ...(name in EMBEDDED ? [] : ['embedded/']),
    ...((process.env.TEST_DB ?? 'sqlite') === 'sqlite' ? [] : ['sqlite/']),
    ...LEFT_OUT[about],
  ];
  return ['/node_modules/', ...specs.map((spec) => `/e2e/${spec}`)];
}

function filesApart(paths, patterns) {
  return [
    `--testPathPatterns=test/e2e/.*(${paths.map((path) => path.replace(/^(.*\/)?test\/e2e\//, '')).join('|')})`,
    ...patterns.map((pattern) => `--testPathIgnorePatterns=${pattern}`),
  ];
}

function filesTogether({ folder }) {
  return [
    `--testPathPatterns=${folder}`,
    ...[folder, 'src', 'test', 'migrations'].map((root) => `--roots=${root}`),
  ];
}

/** Without the variables of another engine. */
function environmentOf(variables) {
  const {
    CAMUNDA_BASE_URL: _shared,
    CAMUNDA_DEPLOY: _deploy,
    EMBEDDED_TRANSPORT: _way,
    ...inherited
  } = process.env;
  return { ...inherited, ...variables };
}
