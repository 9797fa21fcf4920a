// The instances of the service, each a process of the built service. A replacement gets the port of an instance that is gone,
// so that a load balancer with fixed addresses can be used, and an empty folder, like a new pod.
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Child } from '../chaos/children.mjs';
import { freePort } from '../support/free.port.mjs';

const SERVICE = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const SHIFTED_CLOCK = new URL('./shifted-clock.mjs', import.meta.url).href;
const LIBFAKETIME = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketime.so.1`,
);

/** Differences of the clocks to that of the machine, in ms: two minutes between one and the next. */
const OFFSETS = [0, 120_000, -120_000, 0];

/** Time limits for a boot and for a stop, in ms. */
const BOOT_MS = 120_000;
const STOP_MS = 50_000;

const LOOK_MS = 50;

/** Returns instances a, b, c, …, one more address than `size`, none started. */
export async function createInstances({ size, env, folder, clock }) {
  const all = [];
  for (let index = 0; index <= size; index += 1) {
    const port = await freePort();
    const name = String.fromCharCode('a'.charCodeAt(0) + index);
    const skew = clockVariables(clock, OFFSETS[index % OFFSETS.length]);
    all.push(new Instance({ name, port, folder, env: { ...env, ...skew } }));
  }
  return all;
}

/** The variables of a process with a wrong clock. @throws Error if libfaketime is wanted and missing */
function clockVariables(clock, offsetMs) {
  if (offsetMs === 0) return {};
  if (clock === 'node')
    return { NODE_OPTIONS: `--import ${SHIFTED_CLOCK}`, CLOCK_OFFSET_MS: String(offsetMs) };
  const library = LIBFAKETIME.find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is not installed: run without --libfaketime.');
  const seconds = offsetMs / 1_000;
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds > 0 ? '+' : ''}${seconds}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}

/** One address, and the process that uses it. */
class Instance {
  child = null;
  isPaused = false;

  constructor({ name, port, folder, env }) {
    Object.assign(this, { name, folder, env: { ...env, PORT: String(port) } });
    this.url = `http://127.0.0.1:${port}`;
  }

  get isRunning() {
    return this.child?.isAlive === true;
  }

  /** Starts a process and waits until it is ready. @throws Error with its output if it ends first */
  async start() {
    const dataDir = mkdtempSync(join(this.folder, `${this.name}-`));
    this.child = new Child(SERVICE, [], { ...this.env, DATA_DIR: dataDir });
    const until = Date.now() + BOOT_MS;
    while (!(await this.isReady())) {
      if (!this.isRunning || Date.now() > until)
        throw new Error(`Instance ${this.name} is not ready:\n${this.child.output}`);
      await delay(LOOK_MS);
    }
  }

  async isReady() {
    try {
      const answer = await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      await answer.arrayBuffer();
      return answer.status === 200;
    } catch {
      return false;
    }
  }

  pause() {
    this.isPaused = true;
    this.child.signal('SIGSTOP');
  }

  resume() {
    this.isPaused = false;
    this.child.signal('SIGCONT');
  }

  /** Stops the process as an orchestrator does. @returns what is wrong with its end, or null */
  async stop() {
    const { child } = this;
    child.signal('SIGTERM');
    const hasEnded = await Promise.race([
      child.exited.then(() => true),
      delay(STOP_MS, false, { ref: false }),
    ]);
    const { exitCode, signalCode } = child.process;
    if (hasEnded && exitCode === 0) return null;
    return `instance ${this.name} ended with ${exitCode ?? signalCode ?? 'nothing'}:\n${child.output}`;
  }

  async kill() {
    if (this.isRunning) await this.child.kill();
  }
}
