import { cpSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';

/** The instructions of a Dockerfile; without comments and blank lines. */
export function parseDockerfile(path) {
  const text = readFileSync(path, 'utf8')
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ');
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line.trim());
      return { name, rest };
    });
}

/** The instructions that a method of `DockerfileRun` follows. */
const STEPS = {
  ARG: 'arg',
  FROM: 'from',
  WORKDIR: 'workdir',
  ENV: 'env',
  COPY: 'copy',
  RUN: 'run',
  LABEL: 'label',
};

/**
 * Runs the steps of a Dockerfile in plain folders: one folder per stage replaces the root of its image.
 *
 * Understands ARG with `${NAME}` in FROM and LABEL, FROM … AS, WORKDIR, ENV, COPY (--from, --chown), RUN, USER, VOLUME,
 * EXPOSE, STOPSIGNAL, LABEL, HEALTHCHECK and CMD in their exec form. `--chown` always changes the owner to `user`. RUN must
 * use relative paths: there is no chroot.
 */
export class DockerfileRun {
  stages = new Map();

  /**
   * @param folder empty
   * @param user uid and gid of the image's user, or null to keep the owners
   * @param buildArgs values of ARG by name, as of `docker build --build-arg`
   * @param variables environment of all RUN steps
   */
  constructor(context, folder, user, buildArgs = {}, variables = {}) {
    this.context = context;
    this.folder = folder;
    this.user = user;
    this.buildArgs = buildArgs;
    this.variables = variables;
    this.globalArgs = {};
    this.ignored = new Set(readFileSync(join(context, '.dockerignore'), 'utf8').trim().split('\n'));
  }

  /** @throws Error for a step that fails or is not supported */
  step({ name, rest }) {
    const run = STEPS[name];
    if (run !== undefined) return this[run](rest);
    if (name === 'USER') this.stage.user = rest;
    else if (['VOLUME', 'EXPOSE', 'STOPSIGNAL'].includes(name)) this.stage[name.toLowerCase()] = rest;
    else if (name === 'CMD') this.stage.command = execForm(rest);
    else if (name === 'HEALTHCHECK') this.stage.healthcheck = execForm(rest.replace(/^.*?\bCMD\s+/, ''));
    else throw new Error(`${name} is not supported: extend scripts/lib/dockerfile.mjs`);
  }

  /** The local path of a path in the image. */
  real(path, stage = this.stage) {
    return path.startsWith('/') ? join(stage.root, path) : join(stage.root, stage.workdir, path);
  }

  /** The environment of the stage with local paths. */
  environment() {
    const { workdir } = this.stage;
    return Object.fromEntries(
      Object.entries(this.stage.env).map(([name, value]) => [
        name,
        value.startsWith(workdir) ? this.real(value) : value,
      ]),
    );
  }

  arg(rest) {
    const [, name, fallback] = /^(\w+)(?:=(.*))?$/.exec(rest);
    const args = this.stage?.args ?? this.globalArgs;
    // As in Docker: an ARG in a stage without a default has the value of the one before the first FROM.
    args[name] = this.buildArgs[name] ?? fallback ?? this.globalArgs[name] ?? '';
  }

  label(rest) {
    for (const [, name, value] of rest.matchAll(/([\w.-]+)="([^"]*)"/g))
      this.stage.labels[name] = substitute(value, this.stage.args);
  }

  from(rest) {
    const [image, , alias] = substitute(rest, this.globalArgs).split(/\s+/);
    const name = alias ?? `stage-${this.stages.size}`;
    this.stage = { image, root: join(this.folder, name), workdir: '/', env: {}, args: {}, labels: {} };
    this.stages.set(name, this.stage);
    mkdirSync(this.stage.root);
  }

  workdir(rest) {
    this.stage.workdir = rest;
    mkdirSync(this.real(rest), { recursive: true });
  }

  env(rest) {
    for (const pair of rest.split(/\s+/)) {
      const at = pair.indexOf('=');
      this.stage.env[pair.slice(0, at)] = pair.slice(at + 1);
    }
  }

  copy(rest) {
    const words = rest.split(/\s+/);
    const options = words.filter((word) => word.startsWith('--'));
    const paths = words.filter((word) => !word.startsWith('--'));
    const source = options.find((option) => option.startsWith('--from='))?.slice('--from='.length);
    const owned = options.some((option) => option.startsWith('--chown='));
    const target = this.real(paths.pop());
    for (const path of paths) {
      const from = source === undefined ? this.inContext(path) : this.real(path, this.stages.get(source));
      if (!existsSync(from)) throw new Error(`COPY: ${path} does not exist`);
      // As in Docker: COPY copies the content of a folder, and copies a file into an existing folder.
      const isFolder = statSync(from).isDirectory();
      const into = !isFolder && existsSync(target) ? join(target, basename(path)) : target;
      cpSync(from, into, { recursive: true, verbatimSymlinks: true });
      if (owned && this.user !== null) chownAll(into, this.user);
    }
  }

  run(rest) {
    const env = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...registryOf(process.env),
      ...this.environment(),
      ...this.variables,
    };
    if (process.env.CI_RUN_MARK !== undefined) env.CI_RUN_MARK = process.env.CI_RUN_MARK;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', rest], {
      cwd: this.real(this.stage.workdir),
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    if (status !== 0) throw new Error(`it ended with ${status}:\n${stdout}${stderr}`);
  }

  inContext(path) {
    if (this.ignored.has(path.split('/')[0])) throw new Error(`COPY: ${path} is in .dockerignore`);
    return join(this.context, path);
  }
}

/** @throws Error for the name of an argument that is not declared */
function substitute(text, args) {
  return text.replaceAll(/\$\{(\w+)\}/g, (_all, name) => {
    if (args[name] === undefined) throw new Error(`ARG ${name} is not declared here`);
    return args[name];
  });
}

function execForm(text) {
  const words = JSON.parse(text);
  if (!Array.isArray(words)) throw new Error(`not in exec form: ${text}`);
  return words;
}

/** The settings of this machine for its package registry. */
function registryOf(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) =>
      /^(npm_config_(registry|cache|userconfig|.*proxy|cafile)|https?_proxy|no_proxy|node_extra_ca_certs)$/i.test(
        name,
      ),
    ),
  );
}

function chownAll(path, { uid, gid }) {
  chownSync(path, uid, gid);
  if (!statSync(path).isDirectory()) return;
  for (const name of readdirSync(path)) chownAll(join(path, name), { uid, gid });
}
