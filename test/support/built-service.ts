import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { databaseVariables } from './database.js';
import { targetVariables } from './target.js';

const MAIN = 'dist/src/main.js';

/** Builds `dist/` if a source is newer, so that a child process runs the tested code. */
export function ensureBuilt(): void {
  const built = existsSync(MAIN) ? statSync(MAIN).mtimeMs : 0;
  const sources = ['src', 'migrations'].flatMap((root) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );
  if (sources.every((changed) => changed <= built)) return;
  const build = spawnSync('npm', ['run', '--silent', 'build'], { encoding: 'utf8' });
  if (build.status !== 0) throw new Error(`The build failed:\n${build.stdout}${build.stderr}`);
}

/** The service as `npm start` runs it: a separate process. */
export class BuiltService {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    private readonly exit: Promise<number | null>,
  ) {
    const collect = (chunk: Buffer): void => {
      this.output += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  /**
   * Starts the process; does not wait for it to listen.
   *
   * @param descriptors limit of open files (`ulimit -n`); default: that of this process
   */
  static spawn(variables: Record<string, string>, descriptors?: number): BuiltService {
    const node = [process.execPath, MAIN];
    const limited = ['-c', `ulimit -n ${descriptors}; exec "$0" "$1"`, ...node];
    const child = spawn(
      descriptors === undefined ? process.execPath : 'sh',
      descriptors === undefined ? [MAIN] : limited,
      {
        env: {
          PATH: process.env.PATH ?? '',
          HOST: '127.0.0.1',
          PORT: '0',
          ...targetVariables(),
          ...databaseVariables(variables.DATA_DIR ?? ''),
          ...variables,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return new BuiltService(child, exit);
  }

  /** Its output so far. */
  get log(): string {
    return this.output;
  }

  /** The process id. */
  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The service could not be started.');
    return this.child.pid;
  }

  /** Whether the process has exited, by itself or by a signal. */
  get exited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Settles with the base URL once it listens. */
  async listening(): Promise<string> {
    for (;;) {
      const url = /listens on (http:\/\/[^;"]+);/.exec(this.output)?.[1];
      if (url !== undefined) return url;
      if (this.exited) throw new Error(`The service ended while booting:\n${this.output}`);
      await Promise.race([new Promise((resolve) => this.child.stdout?.once('data', resolve)), this.exit]);
    }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills it at once. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }

  /** Settles with the exit code. */
  ended(): Promise<number | null> {
    return this.exit;
  }
}
