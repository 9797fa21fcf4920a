// npm test [-- paths] [-- options of Jest]
//
// Runs the quick tests: all specs except those of the whole service (`test/e2e/`), those that start the built service
// (`test/built/`), and those that need a database server (`test/db/`) or a Redis (`test/redis/`). With paths it runs the
// matching specs, also of the first two folders.
import { runJest } from './lib/jest.mjs';
import { separatePaths } from './lib/own-options.mjs';

/** Skipped without a path. */
const LONG_SUITES = ['/test/e2e/', '/test/built/'];

/** Only the run.mjs of each runs these. */
const NEVER = ['/node_modules/', '/test/db/', '/test/redis/'];

const given = process.argv.slice(2);
const hasPath = separatePaths(given).paths.length > 0;
const ignored = hasPath ? NEVER : [...NEVER, ...LONG_SUITES];

process.exitCode = await runJest([
  // Before the options: Jest takes a path after an option with several values for one of these values.
  ...given,
  ...ignored.map((path) => `--testPathIgnorePatterns=${path}`),
]);
