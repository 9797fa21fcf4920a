import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

/** A TCP proxy in front of the service that closes idle connections, as gateways do. */
export class CuttingProxy {
  private readonly sockets = new Set<Socket>();
  /** Number of closed connections. */
  cuts = 0;

  private constructor(
    private readonly server: Server,
    readonly baseUrl: string,
  ) {}

  /** @param idleMs time without a byte in either direction, in ms */
  static async start(targetUrl: string, idleMs: number): Promise<CuttingProxy> {
    const target = new URL(targetUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const proxy = new CuttingProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.on('connection', (client) => {
      const service = connect(Number(target.port), target.hostname);
      proxy.join(client, service, idleMs);
    });
    return proxy;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private join(client: Socket, service: Socket, idleMs: number): void {
    const both = [client, service];
    const end = (): void => {
      for (const socket of both) socket.destroy();
    };
    for (const socket of both) {
      this.sockets.add(socket);
      socket.on('error', end);
      socket.on('close', end);
      socket.on('close', () => this.sockets.delete(socket));
    }
    client.setTimeout(idleMs, () => {
      this.cuts += 1;
      end();
    });
    client.pipe(service);
    service.pipe(client);
  }
}
