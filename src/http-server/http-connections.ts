import type { Server } from 'node:http';
import { Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { countOpenRequests, isAnswering } from '../common/connections/index.js';

/** Longest interval between two checks of the connections; it is shorter for a small timeout. */
const CHECK_MS = 1_000;

/** Interval at which a closing server looks for idle connections. */
const CLOSING_CHECK_MS = 50;

/** Milliseconds within which answers have to begin after the server has begun to close. */
const LAST_ANSWERS_MS = 1_000;

/** Shortest interval between two reports of too many connections. */
const REPORT_MS = 60_000;

/** Bytes that the client of a connection has read, and the time of the last change. */
interface Progress {
  taken: number;
  since: number;
}

/** Limits of the connections of a server. */
export interface ConnectionLimits {
  /** Milliseconds that a client may read no byte of a pending answer. */
  readonly writeTimeoutMs: number;
  /** Most open connections. */
  readonly max: number;
}

/** Is informed of connections that are closed because of a limit. */
export interface ConnectionObserver {
  /** A client did not read its answer. */
  onCut(facts: { readonly remoteAddress: string; readonly pendingBytes: number }): void;
  /** There are too many connections; called at most once a minute. */
  onFull(facts: { readonly connections: number; readonly heaviestClient: string }): void;
}

/**
 * Limits the connections, closes those whose clients do not read, and closes all connections in order at a stop.
 *
 * With as many connections as allowed, a new one replaces an idle one: the oldest of the client with the most connections.
 * If none is idle, the new one is closed.
 */
export class HttpConnections {
  private readonly sockets = new Map<Socket, Progress>();
  /** Connections of a TLS server until the end of their handshake; afterwards `sockets` has their TLS sockets. */
  private readonly handshakes = new Map<string, Socket>();
  private readonly byClient = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private reportedAt = -Infinity;

  constructor(
    private readonly server: Server | SecureServer,
    private readonly limits: ConnectionLimits,
    private readonly observer: ConnectionObserver,
  ) {
    server.on('connection', (socket: Socket) => {
      this.accept(socket);
    });
    if (server instanceof SecureServer) {
      server.on('secureConnection', (socket: TLSSocket) => {
        this.handshakes.delete(endpointsOf(socket));
        this.watch(socket);
      });
    }
    this.timer = setInterval(
      () => {
        this.cutStalled();
      },
      Math.min(CHECK_MS, Math.ceil(limits.writeTimeoutMs / 4)),
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
    // Nobody waits for an answer yet.
    for (const socket of this.handshakes.values()) socket.destroy();
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
      for (const socket of this.handshakes.values()) socket.destroy();
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

  private accept(socket: Socket): void {
    const client = socket.remoteAddress ?? '';
    if (this.sockets.size + this.handshakes.size >= this.limits.max && !this.makeRoom()) {
      socket.destroy();
      return;
    }
    this.byClient.set(client, (this.byClient.get(client) ?? 0) + 1);
    const endpoints = endpointsOf(socket);
    const isSecure = this.server instanceof SecureServer;
    if (isSecure) this.handshakes.set(endpoints, socket);
    else this.watch(socket);
    socket.once('close', () => {
      if (isSecure) this.handshakes.delete(endpoints);
      const left = (this.byClient.get(client) ?? 0) - 1;
      if (left > 0) this.byClient.set(client, left);
      else this.byClient.delete(client);
    });
  }

  private watch(socket: Socket): void {
    this.sockets.set(socket, { taken: 0, since: performance.now() });
    socket.once('close', () => {
      this.sockets.delete(socket);
    });
  }

  /** Closes an idle connection. @returns false if there is none */
  private makeRoom(): boolean {
    const [heaviest] = [...this.byClient].reduce((most, each) => (each[1] > most[1] ? each : most), ['', 0]);
    const now = performance.now();
    if (now - this.reportedAt >= REPORT_MS) {
      this.reportedAt = now;
      const connections = this.sockets.size + this.handshakes.size;
      this.observer.onFull({ connections, heaviestClient: heaviest });
    }
    const idle = this.idleOf(heaviest) ?? this.idleOf(null);
    if (idle === null) return false;
    // At once, and not with its event, so that the next connection finds another one.
    this.sockets.delete(idle);
    this.handshakes.delete(endpointsOf(idle));
    idle.destroy();
    return true;
  }

  /** The oldest connection without a request; null if there is none. @param client null: of any client */
  private idleOf(client: string | null): Socket | null {
    for (const sockets of [this.sockets.keys(), this.handshakes.values()]) {
      for (const socket of sockets) {
        if (client !== null && socket.remoteAddress !== client) continue;
        if (countOpenRequests(socket) === 0 && socket.writableLength === 0) return socket;
      }
    }
    return null;
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
      } else if (now - progress.since >= this.limits.writeTimeoutMs) {
        this.observer.onCut({ remoteAddress: socket.remoteAddress ?? '', pendingBytes });
        this.sockets.delete(socket);
        socket.destroy();
      }
    }
  }
}

/** Both ends of a connection: the same for a socket and the TLS socket that uses it. */
function endpointsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}
