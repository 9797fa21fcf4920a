// npm run build: `nest build`, which clears dist/ and then writes it. A build that fails, or that a signal ends, puts the
// dist/ of the last one back, so that there is never half a one; the next build repairs what a kill has left.
import { spawn } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';

const DIST = 'dist';
const LAST = 'dist.last';

if (existsSync(LAST)) restore();
if (existsSync(DIST)) renameSync(DIST, LAST);

const build = spawn(process.execPath, ['node_modules/@nestjs/cli/bin/nest.js', 'build'], {
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => build.kill(signal));
const failed = await new Promise((resolve) => {
  build.once('error', () => resolve(true));
  build.once('exit', (code) => resolve(code !== 0));
});
if (failed) {
  restore();
  console.error('The build failed; dist/ is as it was before.');
  process.exitCode = 1;
} else {
  rmSync(LAST, { recursive: true, force: true });
}

function restore() {
  rmSync(DIST, { recursive: true, force: true });
  if (existsSync(LAST)) renameSync(LAST, DIST);
}
