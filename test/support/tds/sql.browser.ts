import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

/** The port of SQL Server Browser; the driver knows no other. */
const PORT = 1434;

/** Tells clients the ports of the named instances of a server ([MC-SQLR]). */
export class SqlBrowser {
  /** The number of requests. */
  asked = 0;

  /** @param instances the ports by name; an instance may move */
  private constructor(
    private readonly socket: Socket,
    public instances: Readonly<Record<string, number>>,
  ) {
    socket.on('message', (_message, { address, port }) => {
      this.asked += 1;
      const text = Object.entries(this.instances)
        .map(
          ([name, at]) =>
            `ServerName;SQL1;InstanceName;${name};IsClustered;No;Version;16.0.1000.6;tcp;${at};;`,
        )
        .join('');
      const [SVR_RESP, length] = [0x05, Buffer.alloc(2)];
      length.writeUInt16LE(text.length);
      socket.send(
        Buffer.concat([Buffer.from([SVR_RESP]), length, Buffer.from(text, 'ascii')]),
        port,
        address,
      );
    });
  }

  /** @param instances the ports by name */
  static async open(host: string, instances: Readonly<Record<string, number>>): Promise<SqlBrowser> {
    const socket = createSocket('udp4');
    socket.bind(PORT, host);
    await once(socket, 'listening');
    return new SqlBrowser(socket, instances);
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}
