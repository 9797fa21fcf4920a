import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isAnswering } from '../common/connections/index.js';

/** How often connections are looked at, at the least; a smaller time-out is looked at more often. */
const LOOK_MS = 1_000;

/** How often a closing server looks for connections that have nothing more to do. */
const CLOSING_LOOK_MS = 50;

/** How long answers may take to begin once the server closes. */
const LAST_ANSWERS_MS = 1_000;

/** Bytes of a connection that its client has taken, and since when there were no more. */
interface Progress {
  taken: number;
  since: number;
}

/** Watches the connections of a server: cuts those whose clients read nothing, and closes all in order at a stop. */
export class HttpConnections {
  private readonly sockets = new Map<Socket, Progress>();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param writeTimeoutMs how long a client may take no byte of an answer that waits for it
   * @param onCut told of a connection that is cut for this
   */
  constructor(
    private readonly server: Server,
    private readonly writeTimeoutMs: number,
    private readonly onCut: (facts: {
      readonly remoteAddress: string;
      readonly pendingBytes: number;
    }) => void,
  ) {
    server.on('connection', (socket: Socket) => {
      this.sockets.set(socket, { taken: 0, since: performance.now() });
      socket.once('close', () => {
        this.sockets.delete(socket);
      });
    });
    this.timer = setInterval(
      () => {
        this.cutStalled();
      },
      Math.min(LOOK_MS, Math.ceil(writeTimeoutMs / 4)),
    );
    this.timer.unref();
  }

  /**
   * Closes the listener, then each connection once its answer is written whole.
   *
   * @param signal ends the waiting: what is still open is cut
   */
  async close(signal: AbortSignal): Promise<void> {
    const { server } = this;
    if (!server.listening) {
      clearInterval(this.timer);
      return;
    }
    const closed = new Promise<void>((resolve) => {
      server.close(() => {
        resolve();
      });
    });
    server.closeIdleConnections();
    const cut = (): void => {
      server.closeAllConnections();
    };
    if (signal.aborted) cut();
    else signal.addEventListener('abort', cut, { once: true });
    const begun = performance.now();
    const looking = setInterval(() => {
      this.closeFinished(performance.now() - begun >= LAST_ANSWERS_MS);
    }, CLOSING_LOOK_MS);
    await closed;
    clearInterval(looking);
    clearInterval(this.timer);
    signal.removeEventListener('abort', cut);
  }

  /** @param all also those whose answer has not begun */
  private closeFinished(all: boolean): void {
    this.server.closeIdleConnections();
    if (!all) return;
    for (const socket of this.sockets.keys()) {
      if (!isAnswering(socket) && socket.writableLength === 0) socket.destroySoon();
    }
  }

  private cutStalled(): void {
    const now = performance.now();
    for (const [socket, progress] of this.sockets) {
      const pendingBytes = socket.writableLength;
      // What has left the socket's own buffer; the system's, of some megabytes at the most, is not seen.
      const taken = socket.bytesWritten - pendingBytes;
      if (pendingBytes === 0 || taken !== progress.taken) {
        progress.taken = taken;
        progress.since = now;
      } else if (now - progress.since >= this.writeTimeoutMs) {
        this.onCut({ remoteAddress: socket.remoteAddress ?? '', pendingBytes });
        this.sockets.delete(socket);
        socket.destroy();
      }
    }
  }
}
