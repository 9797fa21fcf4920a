import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { Logger } from '@nestjs/common';
import { OutboundAgent, readAnswerBody } from '../../common/http/index.js';
import type { JwtConfig, ProxyConfig } from '../../config/index.js';
import { PeriodicTask, type ShutdownService } from '../../lifecycle/index.js';

/** Milliseconds until the keys are requested again; a key that was withdrawn is in force at most so long. */
const MAX_AGE_MS = 600_000;

/** Milliseconds for a whole request for the keys. */
const TIMEOUT_MS = 5_000;

/** Far more than a hundred keys with their certificates. */
const MAX_BYTES = 524_288;

/** The public keys could not be read yet, so that no token can be verified. */
export class KeysUnavailableError extends Error {
  override readonly name = 'KeysUnavailableError';
}

type Key = Awaited<ReturnType<ReturnType<typeof createLocalJWKSet>>>;

/**
 * The public keys of the identity provider, from `JWT_JWKS_URL`.
 *
 * They are requested at boot, every ten minutes, and when a token names a key that is not among them, which happens after
 * a rotation; two requests are at least `JWT_JWKS_COOLDOWN_MS` apart, so that invented key names cause no more of them. If
 * a request fails, the keys before stay in force.
 */
export class JwksKeys {
  private readonly logger = new Logger(JwksKeys.name);
  private readonly agent: OutboundAgent;
  private readonly requests: PeriodicTask;
  private readonly url: URL;
  private select: ReturnType<typeof createLocalJWKSet> | null = null;
  private text: string | null = null;
  private requestedAt = -Infinity;
  private round: Promise<void> | null = null;
  private changes = 0;

  constructor(
    private readonly config: Pick<JwtConfig, 'jwksUrl' | 'jwksCooldownMs'>,
    proxies: ProxyConfig,
    shutdown: ShutdownService,
  ) {
    this.url = new URL(config.jwksUrl);
    this.agent = new OutboundAgent({ maxConnections: 1, connectTimeoutMs: TIMEOUT_MS, proxies });
    this.requests = new PeriodicTask(
      {
        name: 'request for the public keys of JWT_JWKS_URL',
        everyMs: MAX_AGE_MS,
        retryMs: config.jwksCooldownMs,
        run: () => this.request(),
      },
      shutdown,
    );
    shutdown.register('release', 'public keys of JWT_JWKS_URL', () => this.agent.destroy());
  }

  /** Grows with each change of the keys. */
  get version(): number {
    return this.changes;
  }

  /** Requests the keys for the first time; a provider that does not answer does not stop the boot. */
  async start(): Promise<void> {
    if (this.url.protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(this.url.hostname)) {
      this.logger.warn(
        'JWT_JWKS_URL is not https: anybody who can change the traffic to it can forge tokens.',
      );
    }
    await this.requestKeys();
  }

  /**
   * Finds the key of a token by the key id and the algorithm in its header. Bound, to be passed to `jose`.
   *
   * @throws KeysUnavailableError if no keys could be read yet
   * @throws JOSEError if no key matches, or several
   */
  readonly find = async (header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<Key> => {
    if (this.select === null) await this.requestUnlessRecent();
    const { select } = this;
    if (select === null) throw new KeysUnavailableError('No request for the public keys has succeeded yet.');
    try {
      return await select(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.requestUnlessRecent();
      const { select: changed } = this;
      if (changed === null || changed === select) throw error;
      return changed(header, token);
    }
  };

  /** Joins the request under way, or sends one if the last one is long enough ago; never rejects. */
  private async requestUnlessRecent(): Promise<void> {
    if (this.round !== null) await this.round;
    else if (performance.now() - this.requestedAt >= this.config.jwksCooldownMs) await this.requestKeys();
  }

  private requestKeys(): Promise<void> {
    return this.requests.runNow();
  }

  private request(): Promise<void> {
    this.requestedAt = performance.now();
    const keys = this.readKeys();
    // Those who wait for it need no error: the periodic task logs it.
    this.round = keys
      .catch(() => undefined)
      .finally(() => {
        this.round = null;
      });
    return keys;
  }

  private async readKeys(): Promise<void> {
    const { origin, pathname, search } = this.url;
    const answer = await this.agent.request({
      origin,
      path: `${pathname}${search}`,
      method: 'GET',
      headers: { accept: 'application/jwk-set+json, application/json' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { statusCode } = answer;
    const { text, cut } = await readAnswerBody(answer, MAX_BYTES);
    // A redirect is not followed: the keys come from the host that the operator has named.
    if (statusCode !== 200) throw new Error(`JWT_JWKS_URL answered ${statusCode} instead of 200.`);
    if (cut) throw new Error(`JWT_JWKS_URL answered more than ${MAX_BYTES} bytes.`);
    if (text === null) throw new Error('JWT_JWKS_URL did not answer UTF-8.');
    if (text === this.text) return;
    this.select = createLocalJWKSet(parse(text));
    this.text = text;
    this.changes += 1;
    const { keys } = this.select.jwks();
    this.logger.log({ msg: 'The public keys of JWT_JWKS_URL are in force.', keys: keys.length });
  }
}

/** @throws Error without a part of the text */
function parse(text: string): JSONWebKeySet {
  try {
    return JSON.parse(text) as JSONWebKeySet;
  } catch {
    throw new Error('JWT_JWKS_URL did not answer JSON.');
  }
}
