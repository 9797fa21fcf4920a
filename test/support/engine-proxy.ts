import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** Decides what happens to a request: it passes the request on or handles it. */
export type Interference = (seen: {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Passes the request on. The returned function sends the engine's answer to the client. */
  readonly pass: () => Promise<() => void>;
  readonly response: ServerResponse;
}) => Promise<void>;

/** An HTTP proxy in front of an engine, to delay or replace answers in tests. */
export class EngineProxy {
  private constructor(
    private readonly server: Server,
    readonly baseUrl: string,
  ) {}

  static async start(engineBaseUrl: string, interfere: Interference): Promise<EngineProxy> {
    const target = new URL(engineBaseUrl);
    const server = createServer((incoming, response) => {
      const pass = (): Promise<() => void> => forward(target, incoming, response);
      const { method = '', url: path = '', headers } = incoming;
      interfere({ method, path, headers, pass, response }).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new EngineProxy(server, `http://127.0.0.1:${port}${target.pathname}`);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

function forward(target: URL, incoming: IncomingMessage, response: ServerResponse): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers: incoming.headers,
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve(() => {
            response.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(chunks));
          });
        });
      },
    );
    outgoing.on('error', reject);
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
}
