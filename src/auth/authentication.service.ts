import type { FastifyRequest } from 'fastify';
import type { AuthConfig, ProxyConfig } from '../config/index.js';
import type { ShutdownService } from '../lifecycle/index.js';
import type { Authenticator } from './access/access-control.js';
import { ANONYMOUS, type Principal } from './access/principal.js';
import { invalidCredentials } from './access/refusals.js';
import { ApiKeysService } from './api-keys/api-keys.service.js';
import { credentialsOf, looksLikeToken } from './credentials.js';
import { JwksKeys } from './jwt/jwks.keys.js';
import { JwtVerifier } from './jwt/jwt.verifier.js';

/** Finds out who calls, with the modes of `AUTH_MODE`. */
export class AuthenticationService implements Authenticator {
  private constructor(
    private readonly isOpen: boolean,
    private readonly apiKeys: ApiKeysService | null,
    private readonly tokens: JwtVerifier | null,
  ) {}

  /**
   * Reads the API keys, and the public keys of the identity provider.
   *
   * @param proxies for the request of the public keys
   * @throws BootError if the file of the API keys cannot be used
   */
  static async start(
    { open, apiKeysFile, jwt }: AuthConfig,
    proxies: ProxyConfig,
    shutdown: ShutdownService,
  ): Promise<AuthenticationService> {
    const apiKeys = apiKeysFile === null ? null : new ApiKeysService(apiKeysFile, shutdown);
    const keys = jwt === null ? null : new JwksKeys(jwt, proxies, shutdown);
    const tokens = jwt === null || keys === null ? null : new JwtVerifier(jwt, keys);
    await Promise.all([apiKeys?.start(), keys?.start()]);
    return new AuthenticationService(open, apiKeys, tokens);
  }

  authenticate({ headers }: Pick<FastifyRequest, 'headers'>): Principal | null | Promise<Principal> {
    if (this.isOpen) return ANONYMOUS;
    const credentials = credentialsOf(headers);
    if (credentials === null) return null;
    const { apiKeys, tokens } = this;
    if (apiKeys !== null && (tokens === null || !looksLikeToken(credentials)))
      return apiKeys.authenticate(credentials.value);
    if (tokens === null || credentials.header === 'x-api-key')
      throw invalidCredentials('This service accepts no API keys, only tokens.');
    return tokens.authenticate(credentials.value);
  }
}
