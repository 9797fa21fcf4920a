import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A token endpoint for client credentials, which issues tokens until they are revoked. */
export class TokenServer {
  /** Number of tokens that were issued. */
  issued = 0;
  /** Seconds that a token lives. */
  expiresInS = 300;
  /** While it is false, the endpoint refuses the client. */
  knowsClient = true;
  private readonly valid = new Set<string>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param client id and secret that it accepts */
  static async start(client: { readonly id: string; readonly secret: string }): Promise<TokenServer> {
    const credentials = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const isKnown = tokens.knowsClient && request.headers.authorization === credentials;
        response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
        response.end(JSON.stringify(isKnown ? tokens.issue() : { error: 'invalid_client' }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const tokens = new TokenServer(
      server,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    );
    return tokens;
  }

  /** Whether a header has a valid token. */
  accepts(authorization: string | undefined): boolean {
    return this.valid.has(authorization?.replace(/^Bearer /, '') ?? '');
  }

  /** Makes all tokens invalid that were issued until now. */
  revoke(): void {
    this.valid.clear();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private issue(): object {
    this.issued += 1;
    const token = `issued-token-${this.issued}`;
    this.valid.add(token);
    return { access_token: token, token_type: 'Bearer', expires_in: this.expiresInS };
  }
}
