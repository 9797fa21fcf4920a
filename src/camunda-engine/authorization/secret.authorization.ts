import { isToken, type Secret } from '../../config/index.js';
import { EngineAuthorization } from './engine.authorization.js';

/** Sends a secret of the configuration: user and password, or a token. A secret in a file is read again after a 401. */
export class SecretAuthorization extends EngineAuthorization {
  private value: string;

  private constructor(
    private readonly secret: Secret,
    private readonly toHeader: (secret: string) => string | null,
  ) {
    super();
    this.value = toHeader(secret.value) ?? '';
  }

  /** Basic authentication (RFC 7617), in UTF-8. */
  static basic(username: string, password: Secret): SecretAuthorization {
    return new SecretAuthorization(
      password,
      (text) => `Basic ${Buffer.from(`${username}:${text}`).toString('base64')}`,
    );
  }

  /** A token that the caller obtained (RFC 6750). */
  static bearer(token: Secret): SecretAuthorization {
    return new SecretAuthorization(token, (text) => (isToken(text) ? `Bearer ${text}` : null));
  }

  override header(): string {
    return this.value;
  }

  override renew(refused: string): Promise<string | null> {
    this.value = this.toHeader(this.secret.reread()) ?? this.value;
    return Promise.resolve(this.value === refused ? null : this.value);
  }
}
