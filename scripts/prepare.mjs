// The last step of `npm ci`: builds dist/ if the compiler is installed, otherwise prints that it did not.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

try {
  require.resolve('typescript/package.json');
  require.resolve('@nestjs/cli/package.json');
} catch {
  console.log('prepare: development dependencies are not installed, dist/ is not built here.');
  process.exit(0);
}

const build = spawnSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
process.exit(build.status ?? 1);
