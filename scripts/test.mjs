// npm test [-- paths] [-- options of Jest]
//
// Runs the quick suites: all specs but those that the whole service answers (`test/e2e/`), that spawn the built service
// (`test/built/`), and that need a database server (`test/db/`). With paths it runs what they match, of all but the last.
import { spawn } from 'node:child_process';

/** Left out unless a path asks for them. */
const LONG_SUITES = ['/test/e2e/', '/test/built/'];

/** Run by test/db/run.mjs alone. */
const NEVER = ['/node_modules/', '/test/db/'];

/** Options of Jest that are followed by a value, which is no path. */
const OPTIONS_WITH_VALUE =
  /^(-t|-w|--(testNamePattern|maxWorkers|outputFile|seed|config|shard|cacheDirectory))$/;

const given = process.argv.slice(2);
const hasPath = given.some(
  (argument, index) => !argument.startsWith('-') && !OPTIONS_WITH_VALUE.test(given[index - 1] ?? ''),
);
const ignored = hasPath ? NEVER : [...NEVER, ...LONG_SUITES];

const jest = spawn(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    // Before the options: Jest takes a path behind an option with many values for one of them.
    ...given,
    ...ignored.map((path) => `--testPathIgnorePatterns=${path}`),
  ],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
jest.once('exit', (code) => {
  process.exitCode = code ?? 1;
});
