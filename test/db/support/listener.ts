import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** What takes connections at a loopback port and is no database. */
export class Listener {
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param onConnection what becomes of a connection; it stays open and silent unless this does something */
  static async open(onConnection: (socket: Socket) => void = () => undefined): Promise<Listener> {
    const server = createServer();
    const listener = new Listener(server);
    server.on('connection', (socket) => {
      listener.connections += 1;
      listener.sockets.add(socket);
      socket.on('error', () => undefined);
      server.emit('counted');
      onConnection(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return listener;
  }

  get port(): number {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('The listener has no port.');
    return address.port;
  }

  /** Resolves when there were as many connections. */
  async untilConnections(count: number): Promise<void> {
    while (this.connections < count) await once(this.server, 'counted');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
