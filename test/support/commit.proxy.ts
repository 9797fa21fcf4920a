import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The beginning of a transaction request of TDS that commits: a message of type 14 with request type 7. */
const TDS_TRANSACTION = 0x0e;
const TDS_COMMIT = 7;
/** Where the request type is: after the header of the packet and the header of the stream. */
const TDS_REQUEST_TYPE = 8 + 22;

/** A TCP proxy in front of a database that can lose the answer to a COMMIT, as a failover does. */
export class CommitProxy {
  private readonly sockets = new Set<Socket>();
  private losing: (() => void) | null = null;

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (client) => {
      this.join(client);
    });
  }

  static async open(target: { readonly host: string; readonly port: number }): Promise<CommitProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CommitProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /**
   * Passes the next COMMIT on, and breaks its connection in place of the answer: the database has committed, and the client
   * cannot know.
   *
   * @returns when the connection is broken
   */
  loseNextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      this.losing = resolve;
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private join(client: Socket): void {
    const database = connect(this.target.port, this.target.host);
    let lost: (() => void) | null = null;
    const end = (): void => {
      client.destroy();
      database.destroy();
    };
    for (const socket of [client, database]) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', () => {
        this.sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (this.losing !== null && isCommit(chunk)) {
        lost = this.losing;
        this.losing = null;
      }
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => {
      if (lost === null) {
        client.write(chunk);
        return;
      }
      end();
      lost();
    });
  }
}

/** True for the message that commits: a query of PostgreSQL, a request or a batch of SQL Server. */
function isCommit(chunk: Buffer): boolean {
  if (chunk[0] === TDS_TRANSACTION) return chunk[TDS_REQUEST_TYPE] === TDS_COMMIT;
  return chunk.includes('COMMIT') || chunk.includes(Buffer.from('COMMIT TRANSACTION', 'utf16le'));
}
