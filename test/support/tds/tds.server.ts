import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { TdsSession } from './tds.session.js';
import type { TdsLogin, TdsRequest } from './tds.request.js';
import type { TdsFault } from './tds.tokens.js';
import type { TdsColumn } from './tds.types.js';

/** The result of a statement. */
export interface TdsResult {
  /** Null: a statement that returns no rows. */
  readonly rows: readonly object[] | null;
  /** Default: derived from the values of the rows. */
  readonly columns?: readonly TdsColumn[];
  /** Rows that were changed or returned. */
  readonly count: number;
}

/**
 * The answer of the server: the results of statements, or errors. `silence`: no answer, except to attention. `hang`: no
 * answer to this or any later request of the connection. `cut`: the connection ends.
 */
export type TdsReply =
  | { readonly results: readonly TdsResult[] }
  | { readonly faults: readonly TdsFault[]; readonly rollsBack?: boolean }
  | 'silence'
  | 'hang'
  | 'cut';

/** A request with its connection. */
export interface TdsExchange extends TdsRequest {
  /** The number of the connection, from 1. */
  readonly connection: number;
}

/** Where a listener routes a login. */
export interface TdsRoute {
  readonly host: string;
  readonly port: number;
}

/** The database behind the protocol. */
export interface TdsBackend {
  /** Errors of a login; empty: it is accepted. */
  readonly login?: (login: TdsLogin, connection: number) => readonly TdsFault[];
  /** The server to which a login is routed instead; null: this one. */
  readonly route?: (login: TdsLogin) => TdsRoute | null;
  /** Undefined: the answer without rows; a transaction begins or ends. */
  readonly answer?: (exchange: TdsExchange) => TdsReply | undefined | Promise<TdsReply | undefined>;
  /** Called when a connection has ended. */
  readonly closed?: (connection: number) => void;
}

/** Options of the server. */
export interface TdsServerOptions {
  /** If present, the server requires TLS. */
  readonly context?: SecureContext;
  /** Number of bytes after which each connection is closed. */
  readonly cutAfter?: number;
  /** The address to listen on; default: 127.0.0.1, and a free port. */
  readonly host?: string;
  readonly port?: number;
}

/** Speaks TDS like SQL Server on a loopback port, so that the real driver can be tested without a server. */
export class TdsServer {
  /** All requests after the logins, without those with which the driver sets up a session. */
  readonly exchanges: TdsExchange[] = [];
  /** The statements with which sessions were set up, one for each session. */
  readonly setups: string[] = [];
  readonly logins: TdsLogin[] = [];
  /** Number of accepted connections, with and without a login. */
  accepted = 0;
  /** Tokens of the logins with federated authentication. */
  readonly tokens: string[] = [];
  private readonly sessions = new Map<number, TdsSession>();

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
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
    await once(server, 'listening');
    return responder;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Number of open connections. */
  get open(): readonly number[] {
    return [...this.sessions.keys()];
  }

  /** Number of nested open transactions of a connection. */
  depthOf(connection: number): number {
    return this.sessions.get(connection)?.depth ?? 0;
  }

  /** Closes all connections without a message. */
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
    this.accepted += 1;
    const id = this.accepted;
    const session = new TdsSession(socket, id, this);
    this.sessions.set(id, session);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.sessions.delete(id);
      this.backend.closed?.(id);
    });
  }
}
