import { Logger } from '@nestjs/common';
import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { ProblemError } from '../../common/errors/index.js';
import type { JwtConfig } from '../../config/index.js';
import { invalidCredentials } from '../access/refusals.js';
import type { Principal } from '../access/principal.js';
import { type JwksKeys, KeysUnavailableError } from './jwks.keys.js';
import { principalOfClaims } from './token.claims.js';

/** Verified tokens that are remembered; with tokens of 8 KiB they take 8 MB. */
const MAX_REMEMBERED = 1_000;

/** Keys that are tried for a token that names none. */
const MAX_TRIED_KEYS = 16;

interface Verified {
  readonly principal: Principal;
  /** Milliseconds since 1970 at which the token expires. */
  readonly untilMs: number;
}

/** Why a token is refused, by the claim that does not match. */
const CLAIM_FAULTS: Readonly<Record<string, string>> = {
  nbf: 'The token is not valid yet (nbf).',
  aud: 'The token is not for this service: its audience (aud) is another one.',
  iss: 'The token is not from the accepted issuer (iss).',
  exp: 'The token has no valid expiry (exp).',
};

/** Why a token is refused, by the code of the error of `jose`. */
const FAULTS: Readonly<Record<string, string>> = {
  [errors.JWTExpired.code]: 'The token has expired.',
  [errors.JOSEAlgNotAllowed.code]: 'The algorithm of the signature is not accepted.',
  [errors.JWKSNoMatchingKey.code]:
    'The token is signed with a key that the identity provider does not publish.',
  [errors.JWSSignatureVerificationFailed.code]: 'The signature of the token is not valid.',
};

/** Verifies access tokens: signature, issuer, audience, expiry. */
export class JwtVerifier {
  private readonly logger = new Logger(JwtVerifier.name);
  private readonly options: JWTVerifyOptions;
  private readonly verified = new Map<string, Verified>();
  private version = 0;

  constructor(
    private readonly config: JwtConfig,
    private readonly keys: Pick<JwksKeys, 'find' | 'version'>,
  ) {
    this.options = {
      issuer: config.issuer,
      audience: [...config.audience],
      algorithms: [...config.algorithms],
      clockTolerance: config.clockToleranceMs / 1_000,
      requiredClaims: ['exp'],
    };
  }

  /**
   * The principal of a token. A token that was verified before costs no signature until it expires or the keys change.
   *
   * @throws ProblemError `unauthenticated`, or `keys-unavailable` while there are no keys
   */
  authenticate(token: string): Principal | Promise<Principal> {
    if (this.version !== this.keys.version) {
      this.verified.clear();
      this.version = this.keys.version;
    }
    const known = this.verified.get(token);
    if (known !== undefined && Date.now() < known.untilMs) return known.principal;
    this.verified.delete(token);
    return this.verify(token);
  }

  private async verify(token: string): Promise<Principal> {
    const { version } = this;
    let claims: JWTPayload;
    try {
      claims = await this.claimsOf(token);
    } catch (error) {
      throw this.problemOf(error);
    }
    const principal = principalOfClaims(claims, this.config.scopeClaim);
    // Keys that have changed meanwhile may have verified it; another request may have noticed the change before.
    if (version === this.keys.version) {
      this.remember(token, {
        principal,
        untilMs: (claims.exp ?? 0) * 1_000 + this.config.clockToleranceMs,
      });
    }
    return principal;
  }

  private async claimsOf(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, this.keys.find, this.options);
      return payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      return this.claimsByAny(token, error);
    }
  }

  /** Tries the keys for a token whose header does not name one of them. */
  private async claimsByAny(token: string, keys: errors.JWKSMultipleMatchingKeys): Promise<JWTPayload> {
    let tried = 0;
    for await (const key of keys) {
      tried += 1;
      if (tried > MAX_TRIED_KEYS) break;
      try {
        const { payload } = await jwtVerify(token, key, this.options);
        return payload;
      } catch (error) {
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }

  private remember(token: string, verified: Verified): void {
    if (this.verified.size >= MAX_REMEMBERED) {
      const [oldest] = this.verified.keys();
      if (oldest !== undefined) this.verified.delete(oldest);
    }
    this.verified.set(token, verified);
  }

  private problemOf(error: unknown): ProblemError {
    if (error instanceof KeysUnavailableError) {
      return new ProblemError(
        'keys-unavailable',
        'The service has not received the public keys of the identity provider yet, so it cannot verify tokens. ' +
          'Nothing was done. Repeat the request.',
        { headers: { 'retry-after': '5' }, cause: error },
      );
    }
    if (error instanceof errors.JWTClaimValidationFailed)
      return invalidCredentials(CLAIM_FAULTS[error.claim] ?? 'A claim of the token is not valid.');
    if (error instanceof errors.JOSEError)
      return invalidCredentials(FAULTS[error.code] ?? 'The token is not a well-formed JWT.');
    // A published key that cannot be used, for example a short RSA key.
    this.logger.warn({ msg: 'A token could not be verified with a public key of JWT_JWKS_URL.', err: error });
    return invalidCredentials('The published key of the token cannot be used.');
  }
}
