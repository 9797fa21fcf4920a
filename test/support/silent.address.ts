import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Listens on a free port of an address, prints the port, and does nothing more. */
const PROGRAM = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: process.argv[1], backlog: 1 }, () => console.log(server.address().port));
`;

/** Time after which a connection attempt on loopback counts as unanswered, in ms. */
const UNANSWERED_MS = 500;

/** More connections than any queue of a backlog of 1 holds. */
const MAX_QUEUED = 64;

/**
 * An address and port at which connection attempts are neither accepted nor refused, as those of a machine that is gone:
 * the queue of a stopped process is full.
 */
export class SilentAddress {
  private constructor(
    readonly port: number,
    private readonly child: ChildProcess,
    private readonly queued: readonly Socket[],
  ) {}

  static async open(host: string): Promise<SilentAddress> {
    const child = spawn(process.execPath, ['-e', PROGRAM, host], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line);
    child.kill('SIGSTOP');
    const queued: Socket[] = [];
    for (let isAnswered = true; isAnswered && queued.length < MAX_QUEUED;) {
      const socket = connect(port, host);
      socket.on('error', () => undefined);
      queued.push(socket);
      isAnswered = await new Promise<boolean>((resolve) => {
        const timer = setTimeout(resolve, UNANSWERED_MS, false);
        socket.once('connect', () => {
          clearTimeout(timer);
          resolve(true);
        });
      });
    }
    return new SilentAddress(port, child, queued);
  }

  async close(): Promise<void> {
    for (const socket of this.queued) socket.destroy();
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
