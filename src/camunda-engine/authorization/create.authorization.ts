import { OutboundAgent, type TlsFiles } from '../../common/http/index.js';
import type { EngineAuthConfig, ProxyConfig } from '../../config/index.js';
import { type EngineAuthorization, NoAuthorization } from './engine.authorization.js';
import { SecretAuthorization } from './secret.authorization.js';
import { TokenAuthorization, type TokenObserver } from './token.authorization.js';
import { TokenClient } from './token.client.js';

/** Timeout of the connection to the token endpoint in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;

/** How the token endpoint is reached. */
export interface TokenConnection {
  readonly proxies: ProxyConfig;
  readonly tls: TlsFiles | undefined;
  readonly observer: TokenObserver;
}

/** Creates the authorization of a configuration. */
export function createAuthorization(
  auth: EngineAuthConfig,
  { proxies, tls, observer }: TokenConnection,
): EngineAuthorization {
  switch (auth.mode) {
    case 'none':
      return new NoAuthorization();
    case 'basic':
      return SecretAuthorization.basic(auth.username, auth.password);
    case 'bearer':
      return SecretAuthorization.bearer(auth.token);
    case 'oauth2': {
      const agent = new OutboundAgent({
        maxConnections: 1,
        proxies,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        tls,
      });
      return new TokenAuthorization(new TokenClient(auth, agent), observer, () => agent.destroy());
    }
    default:
      return auth satisfies never;
  }
}
