import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

/** A server on a loopback port that accepts connections but is not a database. */
export class Listener {
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  /** @param onConnection handles a connection, which otherwise stays open and silent */
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

  /** Resolves when it has accepted this number of connections. */
  async untilConnections(count: number): Promise<void> {
    while (this.connections < count) await once(this.server, 'counted');
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
