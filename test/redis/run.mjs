// npm run test:redis [-- paths] [-- options of Jest]
//
// Runs the tests that need a real Redis: test/redis/. They count and publish on the server at TEST_REDIS_URL, by default one
// that this run starts; a test that stops or pauses a server starts its own. Without redis-server in PATH the run is skipped.
import { runJest } from '../../scripts/lib/jest.mjs';
import { separatePaths } from '../../scripts/lib/own-options.mjs';
import { hasRedis, startRedis } from '../support/redis.server.mjs';

if (!hasRedis()) {
  console.log('skipped: Redis, because redis-server is not installed');
  process.exit(0);
}
const given = process.env.TEST_REDIS_URL ?? '';
const own = given === '' ? await startRedis() : null;
try {
  const { paths, options } = separatePaths(process.argv.slice(2));
  process.exitCode = await runJest(
    [
      `--testPathPatterns=${(paths.length > 0 ? paths : ['test/redis/']).join('|')}`,
      // It replaces those of the configuration, which skip test/redis/ in a full run.
      '--testPathIgnorePatterns=/node_modules/',
      ...options,
    ],
    { ...process.env, TEST_REDIS_URL: own?.url ?? given },
  );
} finally {
  await own?.remove();
}
