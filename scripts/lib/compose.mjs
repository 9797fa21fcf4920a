// Follows compose.yaml with plain processes: for a machine without Docker.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { parseDockerfile } from './dockerfile.mjs';
import { ServiceProcess } from './service.process.mjs';

const SECRETS = '/run/secrets/';

/** What Node needs of this machine, and the mark by which CI finds left processes. */
const INHERITED = ['PATH', 'CI_RUN_MARK'];

/**
 * The services of compose.yaml. Each host name is replaced by an address, and each secret by a file of this run.
 *
 * What a container adds (another root, the limits, the user) is not followed: scripts/check-image-steps.mjs does that.
 */
export class ComposeRun {
  /** Addresses by host name; as in a network of Docker, but without one. */
  hosts = new Map();

  /** @param {string} folder empty, for the secrets */
  constructor(folder) {
    this.file = parse(readFileSync('compose.yaml', 'utf8'), { merge: true });
    this.folder = folder;
  }

  /** Runs the script that writes the secrets. */
  createSecrets() {
    execFileSync('sh', ['deploy/compose/create-secrets.sh', this.folder]);
  }

  service(name) {
    const service = this.file.services[name];
    if (service === undefined) throw new Error(`compose.yaml has no service ${name}`);
    return service;
  }

  /** The file of a secret in this run. */
  secret(name) {
    return join(this.folder, basename(this.file.secrets[name].file));
  }

  /** Notes where a host of compose.yaml is, also in the secrets that name it. */
  resolve(host, address) {
    this.hosts.set(host, address);
    for (const name of Object.keys(this.file.secrets)) {
      const path = this.secret(name);
      writeFileSync(path, this.local(readFileSync(path, 'utf8')));
    }
  }

  /** A text with the hosts and secrets of this run. */
  local(text) {
    let result = text.startsWith(SECRETS) ? this.secret(text.slice(SECRETS.length)) : text;
    for (const [host, address] of this.hosts) result = result.replaceAll(host, address);
    return result;
  }

  /** The environment of a service; `other` replaces variables that cannot be followed here. */
  environment(name, other = {}) {
    const own = Object.entries(this.service(name).environment ?? {}).map(([key, value]) => [
      key,
      this.local(value),
    ]);
    const inherited = INHERITED.filter((key) => process.env[key] !== undefined);
    return {
      ...Object.fromEntries(inherited.map((key) => [key, process.env[key]])),
      ...Object.fromEntries(own),
      ...other,
    };
  }

  /** The words of a service's command, else those of the image. */
  command(name) {
    const words = this.service(name).command ?? imageCommand();
    return words.map((word) => this.local(word));
  }

  /** Runs a service that ends. @throws Error with its output */
  runOnce(name, other) {
    const [command, ...args] = this.command(name);
    const { status, stdout, stderr } = spawnSync(command, args, {
      env: { NODE_ENV: 'production', ...this.environment(name, other) },
      encoding: 'utf8',
      timeout: 120_000,
    });
    if (status !== 0) throw new Error(`${name} ended with ${status}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Starts an instance of the service. */
  start(name, other) {
    const [command, ...args] = this.command(name);
    return new ServiceProcess(command, args, {
      env: { NODE_ENV: 'production', ...this.environment(name, other) },
    });
  }
}

function imageCommand() {
  const { rest } = parseDockerfile('Dockerfile').findLast(({ name }) => name === 'CMD');
  return JSON.parse(rest);
}
