// Runs the steps of the Dockerfile in an empty folder, because not every machine can build an image. It then starts the
// result as an unprivileged user, calls its health check, starts one process, and stops it. `.ci/run` runs it.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, expect } from './lib/checks.mjs';
import { DockerfileRun, parseDockerfile } from './lib/dockerfile.mjs';
import { ServiceProcess, stopTwice } from './lib/service.process.mjs';

const BOOT_MS = 30_000;
/** SHUTDOWN_DELAY_MS is 5 s in production. */
const STOP_MS = 40_000;
/** nobody and nogroup on Debian. */
const NOBODY = { uid: 65_534, gid: 65_534 };

/** The user of the image if this script may change its user and that user can run Node; otherwise null. */
function unprivilegedUser() {
  if (process.getuid() !== 0) return null;
  return spawnSync(process.execPath, ['--version'], NOBODY).status === 0 ? NOBODY : null;
}

async function startOne(service) {
  const answer = await fetch(`${service.baseUrl}/api/process/start`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      processKey: 'onboard-user',
      correlationId: 'image-1',
      variables: { userId: 'image-1' },
    }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  expect(answer.status === 200, `${answer.status}: ${text}`);
}

function runHealthcheck(run, env) {
  const [command, ...args] = run.stage.healthcheck;
  const { status, stderr } = spawnSync(command, args, { env, encoding: 'utf8', timeout: 10_000 });
  expect(status === 0, `it ended with ${status}: ${stderr}`);
}

async function checkService(checks, run, user) {
  const env = {
    PATH: process.env.PATH,
    ...run.environment(),
    HOST: '127.0.0.1',
    PORT: '0',
    SIMULATOR: 'on',
    AUTH_MODE: 'none',
  };
  if (process.env.CI_RUN_MARK !== undefined) env.CI_RUN_MARK = process.env.CI_RUN_MARK;
  const [command, ...args] = run.stage.command;
  const service = new ServiceProcess(command, args, { cwd: run.real(run.stage.workdir), env, ...user });
  try {
    await checks.run('image: becomes ready', () => service.ready(BOOT_MS));
    await checks.run('image: HEALTHCHECK', () =>
      runHealthcheck(run, { ...env, PORT: new URL(service.baseUrl).port }),
    );
    await checks.run('image: starts a process', () => startOne(service));
    await checks.run('image: two SIGTERMs end it with exit code 0', () => stopTwice(service, STOP_MS));
  } finally {
    await service.kill();
  }
}

const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-image-'));
const user = unprivilegedUser();
try {
  // mkdtemp denies access to other users.
  chmodSync(folder, 0o755);
  console.log(user === null ? '# runs as the current user' : `# runs as uid ${user.uid}`);
  const run = new DockerfileRun(process.cwd(), folder, user);
  for (const instruction of parseDockerfile('Dockerfile')) {
    await checks.run(`image: ${instruction.name} ${instruction.rest.slice(0, 80)}`, () =>
      run.step(instruction),
    );
    if (checks.failed > 0) break;
  }
  if (checks.failed === 0) {
    await checks.run('image: does not run as root', () =>
      expect(!['', 'root', '0', undefined].includes(run.stage.user), 'USER'),
    );
    await checks.run('image: has no development dependencies', () => {
      for (const name of ['typescript', 'jest', '@nestjs/cli', 'eslint']) {
        expect(!existsSync(run.real(`node_modules/${name}`)), `${name} is there`);
      }
    });
    await checkService(checks, run, user);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = checks.failed === 0 ? 0 : 1;
