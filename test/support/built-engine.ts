import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const MAIN = 'dist/src/embedded-engine/main.js';

/** The embedded engine as `npm run engine` runs it: a separate process. */
export class BuiltEngine {
  private constructor(
    private readonly child: ChildProcess,
    /** Base URL of its REST API. */
    readonly baseUrl: string,
    private readonly exit: Promise<unknown>,
  ) {}

  /** Starts the process on a free port and waits until it listens. */
  static async spawn(dataDir: string): Promise<BuiltEngine> {
    const child = spawn(process.execPath, [MAIN, '--port', '0', '--open', '--data', dataDir], {
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = new Promise((resolve) => child.once('exit', resolve));
    let faults = '';
    child.stderr.on('data', (chunk: Buffer) => (faults += chunk.toString()));
    for await (const line of createInterface(child.stdout)) {
      const { baseUrl } = JSON.parse(line) as { baseUrl?: string };
      if (baseUrl !== undefined) return new BuiltEngine(child, baseUrl, exit);
    }
    throw new Error(`The engine exited during its boot: ${faults}`);
  }

  /** Sends the signal and waits for the end. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.exit;
  }
}
