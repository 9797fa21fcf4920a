import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

/** The audience of all tokens. */
export const AUDIENCE = 'https://processes.example';

const CLIENT = { id: 'shop', secret: 'secret-of-the-shop' };

/** A real OpenID provider on a loopback port, which gives JWT access tokens to its client and can rotate its keys. */
export class OpenIdProvider {
  /** `performance.now()` of the last request for the public keys. */
  keysRequestedAt = -Infinity;
  private keys: JWK[] = [];
  private handle: ReturnType<Provider['callback']> | undefined;

  private constructor(
    private readonly server: Server,
    /** Also the issuer of its tokens. */
    readonly baseUrl: string,
  ) {}

  static async start(): Promise<OpenIdProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const provider = new OpenIdProvider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await provider.rotate();
    server.on('request', (request, response) => {
      if (request.url === '/jwks') provider.keysRequestedAt = performance.now();
      void provider.handle?.(request, response);
    });
    return provider;
  }

  get jwksUrl(): string {
    return `${this.baseUrl}/jwks`;
  }

  /** Signs new tokens with a new key. The keys before stay published, as for tokens that are in use. */
  async rotate(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const jwk = {
      ...(await exportJWK(privateKey)),
      kid: `key-${this.keys.length + 1}`,
      alg: 'RS256',
      use: 'sig',
    };
    // The provider signs with the first key.
    this.keys = [jwk, ...this.keys];
    const provider = new Provider(this.baseUrl, {
      jwks: { keys: this.keys },
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          grant_types: ['client_credentials'],
          response_types: [],
          redirect_uris: [],
        },
      ],
      scopes: ['process:start', 'process:read', 'process:complete', 'process:cancel', 'ops:read', 'own'],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => AUDIENCE,
          getResourceServerInfo: () => ({
            scope: 'process:start process:read process:complete process:cancel ops:read own',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: 300,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    });
    this.handle = provider.callback();
  }

  /** An access token of its client, from the token endpoint. */
  async token(scope: string): Promise<string> {
    const answer = await fetch(`${this.baseUrl}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope }).toString(),
    });
    const body = (await answer.json()) as { access_token?: string };
    if (body.access_token === undefined) throw new Error(`No token: ${JSON.stringify(body)}`);
    return body.access_token;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
