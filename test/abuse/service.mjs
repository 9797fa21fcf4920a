// The built service with a heap of 512 MiB, for the abuse tests.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));

/** Time limits of a boot and a stop, in ms. */
const BOOT_MS = 60_000;
const STOP_MS = 60_000;

const OUTPUT_LENGTH = 20_000;

/** A process of the service without automatic restarts. */
export class AbusedService {
  output = '';

  constructor(env) {
    const options = ['--max-old-space-size=512', '--max-semi-space-size=16', MAIN];
    this.process = spawn(process.execPath, options, {
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.output = (this.output + text).slice(-OUTPUT_LENGTH);
        this.baseUrl ??= /listens on (http:\/\/[^;"]+);/.exec(this.output)?.[1];
      });
    }
    this.exited = new Promise((resolve) =>
      this.process.once('exit', (code, signal) => resolve(code ?? signal)),
    );
  }

  get isAlive() {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** @throws Error with the end of the log if it ends first or exceeds the time limit */
  async listening() {
    const until = Date.now() + BOOT_MS;
    while (this.baseUrl === undefined) {
      if (!this.isAlive || Date.now() > until)
        throw new Error(`The service does not listen:\n${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return this.baseUrl;
  }

  /** Current and maximum memory of the process in MiB; null if the system does not provide it. */
  memory() {
    const status = procFile(this.process.pid, 'status');
    const mib = (name) =>
      Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status ?? '')?.[1]) / 1_024);
    return status === null ? null : { now: mib('VmRSS'), most: mib('VmHWM') };
  }

  /** Time that its main thread has run and has waited for a processor, in ms; null if the system does not provide it. */
  schedule() {
    const { pid } = this.process;
    const stat = procFile(pid, `task/${pid}/schedstat`);
    if (stat === null) return null;
    const [run, wait] = stat.split(' ').map((ns) => Number(ns) / 1_000_000);
    return { run, wait };
  }

  /** Stops it. @returns the exit code, or the name of a signal if it had to be killed */
  async stop() {
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    const code = await this.exited;
    clearTimeout(timer);
    return code;
  }

  async kill() {
    if (this.isAlive) this.process.kill('SIGKILL');
    await this.exited;
  }
}

function procFile(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return null;
  }
}
