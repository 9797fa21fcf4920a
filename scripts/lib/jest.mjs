// Starts Jest as all suites need it.
import { spawn } from 'node:child_process';

const FLAGS = [
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  // Each file loads all modules anew: with the small default the collector runs all the time.
  '--max-semi-space-size=64',
];

/**
 * Runs Jest and passes SIGINT and SIGTERM on to it.
 *
 * @param {readonly string[]} options
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code; 1 if a signal ended it
 */
export function runJest(options, env = process.env) {
  const jest = spawn(process.execPath, [...FLAGS, 'node_modules/jest/bin/jest.js', ...options], {
    stdio: 'inherit',
    env,
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => jest.kill(signal));
  return new Promise((resolve, reject) => {
    jest.once('error', reject).once('exit', (code) => resolve(code ?? 1));
  });
}
