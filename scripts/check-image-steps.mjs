// Runs the steps of the Dockerfile in an empty folder, because not every machine can build an image. It then starts the
// result as an unprivileged user who may write only its data, calls its health check, starts one process, and stops it;
// then once more as process 1, as in a container. `.ci/run` runs it.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, expect } from './lib/checks.mjs';
import { DockerfileRun, parseDockerfile } from './lib/dockerfile.mjs';
import { FirstProcess, firstProcessPrefix } from './lib/first-process.mjs';
import { changedPaths, setWritable, stateOf } from './lib/folder-state.mjs';
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

/** The environment of the image, and what this machine needs. */
function environmentOf(run, temporary) {
  const env = {
    PATH: process.env.PATH,
    ...run.environment(),
    TMPDIR: temporary,
    HOST: '127.0.0.1',
    PORT: '0',
    SIMULATOR: 'on',
    AUTH_MODE: 'none',
  };
  if (process.env.CI_RUN_MARK !== undefined) env.CI_RUN_MARK = process.env.CI_RUN_MARK;
  return env;
}

async function checkService(checks, run, user, env) {
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

/** The kernel delivers to process 1 only signals that it handles; Docker and Kubernetes then kill it after their time. */
async function checkFirstProcess(checks, run, user, env) {
  const prefix = firstProcessPrefix(user);
  if (prefix === null) {
    console.log('# not run: the service as process 1, because this machine does not allow a PID namespace');
    return;
  }
  const [command, ...args] = [...prefix, ...run.stage.command];
  const service = new FirstProcess(command, args, { cwd: run.real(run.stage.workdir), env });
  try {
    await checks.run(`image: ${run.stage.stopsignal} ends it with exit code 0 as process 1`, async () => {
      await service.ready(BOOT_MS);
      expect(/"pid":1,/.test(service.output), 'its log does not have the pid 1');
      service.signal(run.stage.stopsignal);
      const code = await service.ended(STOP_MS);
      expect(code === 0, `it ended with ${code}:\n${service.output}`);
    });
  } finally {
    await service.kill();
  }
}

/** Runs `work` with an image in which only the data folder can be written, and checks that nothing else was. */
async function withReadOnlyRoot(checks, run, user, work) {
  const data = run.environment().DATA_DIR;
  const isData = (path) => path === data;
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  if (user !== null) chownSync(temporary, user.uid, user.gid);
  const { root } = run.stage;
  setWritable(root, false, isData);
  try {
    const before = stateOf(root, isData);
    await work(environmentOf(run, temporary));
    await checks.run('image: writes only to DATA_DIR', () => {
      const changed = changedPaths(before, stateOf(root, isData));
      expect(changed.length === 0, `it wrote ${changed.join(', ')}`);
      const left = [...stateOf(temporary).keys()];
      expect(left.length === 0, `it left ${left.join(', ')} in the temporary folder`);
      expect(stateOf(data).size > 0, 'it wrote nothing to DATA_DIR');
    });
  } finally {
    setWritable(root, true, isData);
  }
}

/**
 * Packs the addon of SQLite that this checkout has compiled, in the form that its installation looks for before it
 * compiles: a second compilation would take a minute and prove nothing new.
 *
 * @returns {Record<string, string>} variables for npm; empty if the addon is not compiled here
 */
function packSqliteAddon(target) {
  const module = 'node_modules/better-sqlite3';
  const addon = 'build/Release/better_sqlite3.node';
  if (!existsSync(join(module, addon))) return {};
  const { version } = JSON.parse(readFileSync(join(module, 'package.json'), 'utf8'));
  const { platform, arch, versions } = process;
  const name = `better-sqlite3-v${version}-node-v${versions.modules}-${platform}-${arch}.tar.gz`;
  mkdirSync(target);
  const { status, stderr } = spawnSync('tar', ['-czf', join(target, name), '-C', module, addon], {
    encoding: 'utf8',
  });
  expect(status === 0, `tar ended with ${status}: ${stderr}`);
  return { npm_config_better_sqlite3_local_prebuilds: target };
}

function checkLabels(run) {
  const { version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
  const { labels, image } = run.stage;
  const label = (name) => labels[`org.opencontainers.image.${name}`];
  expect(label('version') === version, `version ${label('version')}`);
  expect(label('licenses') === license, `licenses ${label('licenses')}`);
  expect(label('base.name') === image, `base.name ${label('base.name')}`);
  for (const name of ['title', 'description', 'revision'])
    expect((label(name) ?? '') !== '', `${name} is missing`);
}

const checks = new Checks();
const folder = mkdtempSync(join(tmpdir(), 'fastify-camunda-image-'));
const user = unprivilegedUser();
try {
  // mkdtemp denies access to other users.
  chmodSync(folder, 0o755);
  console.log(user === null ? '# runs as the current user' : `# runs as uid ${user.uid}`);
  const run = new DockerfileRun(process.cwd(), folder, user, {}, packSqliteAddon(join(folder, 'addon')));
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
    await checks.run('image: has its labels', () => checkLabels(run));
    await withReadOnlyRoot(checks, run, user, async (env) => {
      await checkService(checks, run, user, env);
      await checkFirstProcess(checks, run, user, env);
    });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = checks.failed === 0 ? 0 : 1;
