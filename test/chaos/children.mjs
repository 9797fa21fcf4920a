// The processes that the chaos test starts, kills and starts again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SERVICE = fileURLToPath(new URL('./service.mjs', import.meta.url));
const ENGINE = fileURLToPath(new URL('../../dist/src/embedded-engine/main.js', import.meta.url));

/** How long a process may take to listen, in ms. */
const BOOT_MS = 60_000;

/** A process that listens, and can be killed. */
export class Child {
  /** @param pattern finds the base URL in its output; without one, its caller knows when it listens */
  constructor(script, parameters, env, pattern = null) {
    this.output = '';
    this.process = spawn(process.execPath, [script, ...parameters], {
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.exited = once(this.process, 'exit');
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.on('data', (chunk) => {
        // The end of the log says why a process ended; all of it would fill the memory.
        this.output = (this.output + chunk).slice(-20_000);
      });
    }
    if (pattern === null) return;
    this.listening = this.listen(pattern);
    this.listening.catch(() => undefined);
  }

  get isAlive() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async listen(pattern) {
    const until = Date.now() + BOOT_MS;
    while (this.isAlive && Date.now() < until) {
      const url = pattern.exec(this.output)?.[1];
      if (url !== undefined) return url;
      await Promise.race([once(this.process.stdout, 'data'), this.exited]);
    }
    throw new Error(`A process did not begin to listen:\n${this.output}`);
  }

  signal(name) {
    this.process.kill(name);
  }

  async kill() {
    this.process.kill('SIGKILL');
    await this.exited;
  }
}

export function spawnService(env) {
  // The verification looks into the embedded engine.
  const engine = { EMBEDDED_ENGINE_PORT: '0', EMBEDDED_ENGINE_OPEN: 'on' };
  return new Child(SERVICE, [], { ...engine, ...env }, /listens on (http:[^;\s]+);/);
}

export function spawnEngine(dataDir, port) {
  return new Child(
    ENGINE,
    ['--data', dataDir, '--port', String(port), '--open'],
    {},
    /(http:\/\/127\.0\.0\.1:\d+\/engine-rest)/,
  );
}
