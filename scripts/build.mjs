// npm run build: `nest build`, which clears dist/ and then writes it. If a build fails or a signal ends it, the script
// restores the previous dist/, so that dist/ is always complete. After a kill the next build restores it.
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
  console.error('The build failed; dist/ is unchanged.');
  process.exitCode = 1;
} else {
  rmSync(LAST, { recursive: true, force: true });
}

function restore() {
  rmSync(DIST, { recursive: true, force: true });
  if (existsSync(LAST)) renameSync(LAST, DIST);
}
