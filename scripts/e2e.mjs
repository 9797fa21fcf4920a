// npm run test:e2e -- [--target embedded-inproc|embedded-http|camunda7|operaton] [options of Jest]
//
// TEST_DB=postgres|mssql and TEST_DB_* put the services on a database server (npm run test:db does).
//
// Runs the e2e suite of the service on one engine. Only the engine's variables differ between the targets. A real
// engine is the one at CAMUNDA_BASE_URL if that is set, else one that is started here and stopped at the end.
import { spawn } from 'node:child_process';
import { REAL_ENGINES, reachRealEngine } from '../test/engines/real-engine.mjs';

const EMBEDDED = {
  'embedded-inproc': { EMBEDDED_TRANSPORT: 'inproc' },
  'embedded-http': { EMBEDDED_TRANSPORT: 'http' },
};

const { target, jestOptions } = readArguments(process.argv.slice(2));
const engine = await reachEngine(target);
try {
  process.exitCode = await runJest(
    [...engine.jestOptions, ...ignoredFolders(target), ...jestOptions],
    engine.variables,
  );
} finally {
  await engine.stop();
}

function readArguments(given) {
  const rest = [...given];
  const at = rest.findIndex((option) => option === '--target' || option.startsWith('--target='));
  const [option] = at === -1 ? [] : rest.splice(at, 1);
  const value = option === '--target' ? rest.splice(at, 1)[0] : option?.slice('--target='.length);
  const known = [...Object.keys(EMBEDDED), ...REAL_ENGINES];
  const name = value ?? 'embedded-inproc';
  if (!known.includes(name)) {
    console.error(`--target must be one of: ${known.join(', ')}`);
    process.exit(2);
  }
  return { target: name, jestOptions: rest };
}

/** The engine of a target: variables for the service, and what Jest must know. */
async function reachEngine(name) {
  if (name in EMBEDDED) return { variables: EMBEDDED[name], jestOptions: [], stop: async () => {} };
  const { baseUrl, stop } = await reachRealEngine(name);
  return {
    variables: { CAMUNDA_BASE_URL: baseUrl, CAMUNDA_DEPLOY: 'on' },
    // All services of the run share the engine and would work on each other's tasks: one file at a time.
    jestOptions: ['--maxWorkers=1'],
    stop,
  };
}

/** What a run cannot do with what it runs on: each folder is for its own engine or database. */
function ignoredFolders(name) {
  const folders = [
    ...(name in EMBEDDED ? [] : ['embedded']),
    ...((process.env.TEST_DB ?? 'sqlite') === 'sqlite' ? [] : ['sqlite']),
  ];
  return folders.map((folder) => `--testPathIgnorePatterns=/e2e/${folder}/`);
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
  // A stop by signal ends Jest first, then the engine.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
  return new Promise((resolve) => jest.once('exit', (code) => resolve(code ?? 1)));
}
