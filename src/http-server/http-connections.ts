import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { isAnswering } from '../common/connections/index.js';

/** Longest interval between two checks of the connections; it is shorter for a small timeout. */
const CHECK_MS = 1_000;

/** Interval at which a closing server looks for idle connections. */
const CLOSING_CHECK_MS = 50;

/** Milliseconds within which answers have to begin after the server has begun to close. */
const LAST_ANSWERS_MS = 1_000;

/** Bytes that the client of a connection has read, and the time of the last change. */
interface Progress {
  taken: number;
  since: number;
}

/** Closes connections whose clients do not read, and closes all connections in order at a stop. */
export class HttpConnections {
  private readonly sockets = new Map<Socket, Progress>();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param writeTimeoutMs milliseconds that a client may read no byte of a pending answer
   * @param onCut called for each connection that is closed for this
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
      Math.min(CHECK_MS, Math.ceil(writeTimeoutMs / 4)),
    );
    this.timer.unref();
  }

  /**
   * Closes the listener, then each connection when its answer is written completely.
   *
   * @param signal aborts the wait: all connections are closed at once
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
    const checks = setInterval(() => {
      this.closeFinished(performance.now() - begun >= LAST_ANSWERS_MS);
    }, CLOSING_CHECK_MS);
    await closed;
    clearInterval(checks);
    clearInterval(this.timer);
    signal.removeEventListener('abort', cut);
  }

  /** @param all true: also close connections whose answer has not begun */
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
      // Bytes that have left the socket's own buffer; the system's buffer, at most some megabytes, is not visible.
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
