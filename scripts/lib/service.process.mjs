import { spawn } from 'node:child_process';
import { eventually } from './checks.mjs';

/** The built service as a separate process. It needs PORT=0, because another process could use a chosen port first. */
export class ServiceProcess {
  output = '';

  constructor(command, args, options) {
    // Its own process group, so that the service ends together with npm and its shell.
    this.child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.output += text));
    }
    this.exited = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(`failed to start: ${error.message}`));
      this.child.once('exit', (code, signal) => resolve(code ?? signal));
    });
    this.exited.then((code) => (this.exitCode = code));
  }

  /** @throws Error with the output of the service if it ends or the time limit passes first */
  async ready(timeoutMs) {
    try {
      await eventually(
        () => (this.exitCode === undefined ? this.statusOf('/health/ready') : 'exited'),
        (status) => status === 200 || status === 'exited',
        timeoutMs,
      );
    } catch (error) {
      throw new Error(`${error.message}\n${this.output}`);
    }
    if (this.exitCode !== undefined) throw new Error(`it ended with ${this.exitCode}:\n${this.output}`);
  }

  /** Its base URL from its log; undefined until it listens. */
  get baseUrl() {
    return /listens on (http:\/\/[^;"]+);/.exec(this.output)?.[1];
  }

  async statusOf(path) {
    if (this.baseUrl === undefined) return 'not listening';
    try {
      const answer = await fetch(this.baseUrl + path, { signal: AbortSignal.timeout(5_000) });
      await answer.arrayBuffer();
      return answer.status;
    } catch (error) {
      return error.cause?.code ?? error.name;
    }
  }

  /**
   * Sends a signal to the service itself by the pid of its log lines: npm passes a signal to its shell, which ends
   * without the service.
   */
  signal(name) {
    send(Number(/"pid":(\d+)/.exec(this.output)?.[1] ?? this.child.pid), name);
  }

  /** Waits for the end. @returns the exit code, or the name of the signal */
  async ended(timeoutMs) {
    await eventually(
      () => this.exitCode ?? null,
      (code) => code !== null,
      timeoutMs,
    );
    return this.exitCode;
  }

  /** Ends the process and its children in any state. */
  async kill() {
    if (this.child.pid === undefined) return;
    send(-this.child.pid, 'SIGKILL');
    await this.exited;
  }
}

/** @param pid of a process, or of a group if negative; a process that has ended is no error */
function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

/** Asks the service to stop, twice, and expects exit code 0. */
export async function stopTwice(service, timeoutMs) {
  service.signal('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 50));
  service.signal('SIGTERM');
  const code = await service.ended(timeoutMs);
  if (code !== 0) throw new Error(`it ended with ${code}:\n${service.output}`);
}
