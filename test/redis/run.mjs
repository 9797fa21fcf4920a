// npm run test:redis [-- paths] [-- options of Jest]
//
// Runs the tests that need a real Redis: test/redis/. They count and publish on the server at TEST_REDIS_URL, by default one
// that this run starts; a test that stops or pauses a server starts its own. Without redis-server in PATH the run is skipped.
import { spawn } from 'node:child_process';
import { hasRedis, startRedis } from '../support/redis.server.mjs';

if (!hasRedis()) {
  console.log('skipped: Redis, because redis-server is not installed');
  process.exit(0);
}
const given = process.env.TEST_REDIS_URL ?? '';
const own = given === '' ? await startRedis() : null;
try {
  process.exitCode = await runJest(process.argv.slice(2), { TEST_REDIS_URL: own?.url ?? given });
} finally {
  await own?.remove();
}

function runJest(parameters, variables) {
  const paths = parameters.filter((each) => !each.startsWith('-'));
  const child = spawn(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      'node_modules/jest/bin/jest.js',
      `--testPathPatterns=${(paths.length > 0 ? paths : ['test/redis/']).join('|')}`,
      // It replaces those of the configuration, which skip test/redis/ in a full run.
      '--testPathIgnorePatterns=/node_modules/',
      ...parameters.filter((each) => each.startsWith('-')),
    ],
    { stdio: 'inherit', env: { ...process.env, ...variables } },
  );
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
