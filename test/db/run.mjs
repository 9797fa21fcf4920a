// npm run test:db -- --db sqlite|postgres|mssql [--suite repositories,e2e] [paths] [--options=of Jest]
//
// Runs the tests that depend on the database on one of them: the repository tests, and the e2e tests on the embedded
// engine. On a server it creates a database and drops it at the end. PostgreSQL is the server at TEST_POSTGRES_HOST (and
// _PORT, _USER, _PASSWORD), by default postgres at 127.0.0.1:5432; SQL Server the one at TEST_MSSQL_HOST (and _PORT,
// _USER, _PASSWORD, _DATABASE for the first connection, _ENCRYPT=off without TLS).
import { spawn } from 'node:child_process';
import { runJest } from '../../scripts/lib/jest.mjs';
import { separatePaths, takeOptions } from '../../scripts/lib/own-options.mjs';
import { createTestDatabase, isConfigured } from './server.mjs';

/** The tests that use the database directly; all others do not depend on it. */
const REPOSITORIES = [
  'src/database/',
  'src/process-store/',
  'src/event-log/',
  'src/retention/',
  'src/task-delivery/',
  'src/work-lease/',
  'test/db/',
  'test/lost-commits.spec',
];

/** Tests of the SQLite file itself. */
const SQLITE_ONLY = ['src/database/sqlite/', 'src/database/migration.commands.spec'];

/** Tests of features that SQLite lacks: a server, and concurrent writers. */
const SERVER_ONLY = ['boot', 'contention', 'replacement', 'schema', 'two-processes'].map(
  (name) => `test/db/${name}.spec`,
);

/** Tests against a scripted SQL Server, with the same result on each database: `npm test` runs them. */
const SCRIPTED_SERVER = ['src/database/server/mssql'];

/** Tests of what only PostgreSQL has. */
const POSTGRES_ONLY = ['test/db/wake-ups.spec'];

const { db, suites, rest } = readArguments(process.argv.slice(2));
if (!isConfigured(db)) {
  console.log(`skipped: ${db}, because no server is set (TEST_${db.toUpperCase()}_HOST)`);
  process.exit(0);
}
const database = await createTestDatabase(db);
try {
  process.exitCode = 0;
  for (const suite of suites) process.exitCode ||= await runSuite(suite);
} finally {
  await database.drop();
}

function readArguments(given) {
  const { options, rest } = takeOptions(given, { db: 'sqlite', suite: 'repositories,e2e' });
  const suites = options.suite.split(',');
  if (
    !['sqlite', 'postgres', 'mssql'].includes(options.db) ||
    suites.some((each) => !['repositories', 'e2e'].includes(each))
  ) {
    console.error('Usage: npm run test:db -- --db sqlite|postgres|mssql [--suite repositories,e2e]');
    process.exit(2);
  }
  return { db: options.db, suites, rest };
}

function runSuite(suite) {
  const env = { ...process.env, TEST_DB: db, ...database.variables };
  if (suite === 'e2e') return runE2e(env);
  // They replace those of the configuration, which skip test/db/ in a full run.
  const ignored = [
    '/node_modules/',
    ...SCRIPTED_SERVER,
    ...(db === 'sqlite' ? SERVER_ONLY : SQLITE_ONLY),
    ...(db === 'postgres' ? [] : POSTGRES_ONLY),
  ];
  const { paths, options } = separatePaths(rest);
  return runJest(
    [
      `--testPathPatterns=${(paths.length > 0 ? paths : REPOSITORIES).join('|')}`,
      ...ignored.map((path) => `--testPathIgnorePatterns=${path}`),
      ...options,
    ],
    env,
  );
}

function runE2e(env) {
  const child = spawn(process.execPath, ['scripts/e2e.mjs', '--target', 'embedded-inproc', ...rest], {
    stdio: 'inherit',
    env,
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
