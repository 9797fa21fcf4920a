import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { TdsSession } from './tds.session.js';
import type { TdsLogin, TdsRequest } from './tds.request.js';
import type { TdsFault } from './tds.tokens.js';
import type { TdsColumn } from './tds.types.js';

/** What a statement came to. */
export interface TdsResult {
  /** Null: a statement that returns no rows. */
  readonly rows: readonly object[] | null;
  /** Default: derived from the values of the rows. */
  readonly columns?: readonly TdsColumn[];
  /** Rows that were changed or returned. */
  readonly count: number;
}

/**
 * What the server answers: the results of statements, or faults. `silence`: nothing, while attention is answered.
 * `hang`: nothing at all, and nothing further on this connection. `cut`: the connection ends.
 */
export type TdsReply =
  | { readonly results: readonly TdsResult[] }
  | { readonly faults: readonly TdsFault[]; readonly rollsBack?: boolean }
  | 'silence'
  | 'hang'
  | 'cut';

/** A request with the connection that it came on. */
export interface TdsExchange extends TdsRequest {
  /** The number of the connection, from 1. */
  readonly connection: number;
}

/** What is behind the wire. */
export interface TdsBackend {
  /** Faults of a login; none: it is taken. */
  readonly login?: (login: TdsLogin, connection: number) => readonly TdsFault[];
  /** Undefined: what a server says that has nothing to return; a transaction begins or ends. */
  readonly answer?: (exchange: TdsExchange) => TdsReply | undefined | Promise<TdsReply | undefined>;
  /** Told of a connection that has ended. */
  readonly closed?: (connection: number) => void;
}

/** What the server offers at a port. */
export interface TdsServerOptions {
  /** With it the server insists on TLS. */
  readonly context?: SecureContext;
  /** Bytes after which each connection is cut. */
  readonly cutAfter?: number;
}

/** Speaks TDS like SQL Server on a loopback port, so that the real driver can be tested without a server. */
export class TdsServer {
  /** Everything that was asked after the logins, but for what the driver sets a new session up with. */
  readonly exchanges: TdsExchange[] = [];
  /** The statements by which a new session was set up, one for each. */
  readonly setups: string[] = [];
  readonly logins: TdsLogin[] = [];
  private readonly sessions = new Map<number, TdsSession>();
  private connections = 0;

  private constructor(
    private readonly server: Server,
    readonly backend: TdsBackend,
    readonly options: TdsServerOptions,
  ) {}

  static async open(backend: TdsBackend = {}, options: TdsServerOptions = {}): Promise<TdsServer> {
    const server = createServer();
    const responder = new TdsServer(server, backend, options);
    server.on('connection', (socket) => {
      responder.accept(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return responder;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections that are open. */
  get open(): readonly number[] {
    return [...this.sessions.keys()];
  }

  /** How many transactions are open on a connection, one inside the other. */
  depthOf(connection: number): number {
    return this.sessions.get(connection)?.depth ?? 0;
  }

  /** Ends every connection without a word. */
  cutAll(): void {
    for (const session of this.sessions.values()) session.cut();
  }

  async close(): Promise<void> {
    if (!this.server.listening) return;
    this.cutAll();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(socket: Socket): void {
    this.connections += 1;
    const id = this.connections;
    const session = new TdsSession(socket, id, this);
    this.sessions.set(id, session);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sessions.delete(id);
      this.backend.closed?.(id);
    });
  }
}
