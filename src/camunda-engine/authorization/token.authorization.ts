import { EngineAuthorization, TokenError } from './engine.authorization.js';
import type { AccessToken } from './token.client.js';

/** Seconds that a token is used if the endpoint does not say. */
const DEFAULT_LIFETIME_S = 300;

/** Longest time that a token is used without being refreshed, in seconds. */
const MAX_LIFETIME_S = 86_400;

/** A token is refreshed this long before its end, in ms, or in the last fifth of its life if that is shorter. */
const EARLY_MS = 60_000;
const EARLY_SHARE = 0.2;

/** A token is not sent in its last moments, in ms, or in the last twentieth of its life if that is shorter. */
const MARGIN_MS = 5_000;
const MARGIN_SHARE = 0.05;

/** Pause after a failed request for a token, in ms; doubled with each failure. */
const FIRST_REST_MS = 500;
const LONGEST_REST_MS = 15_000;

/** Least time between two replacements of a refused token, in ms: if the engine accepted the first new one, and if not. */
const REPLACED_REST_MS = 1_000;
const REFUSED_AGAIN_REST_MS = 10_000;

/** Source of tokens. */
export interface TokenSource {
  /** @throws TokenError */
  request(): Promise<AccessToken>;
}

/** Observes whether tokens can be obtained. */
export interface TokenObserver {
  tokenReceived(): void;
  /** @param hasToken true while an earlier token is still valid */
  tokenFailed(error: TokenError, hasToken: boolean): void;
}

/** A token with its times on the clock of `performance.now()`, which nobody sets. */
interface HeldToken {
  readonly header: string;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

/**
 * Sends a token of a token endpoint. At most one request for a token runs at a time; a token is refreshed before it ends,
 * while calls still use it.
 *
 * After a 401 the token is replaced once. If the new one is refused too, it is not replaced for 10 s, so that an engine
 * that refuses every token does not turn each call into a request for a token.
 */
export class TokenAuthorization extends EngineAuthorization {
  private held: HeldToken | null = null;
  private running: Promise<string> | null = null;
  private failures = 0;
  private failed: { readonly error: TokenError; readonly restsUntil: number } | null = null;
  /** When a refused token was replaced last. */
  private replacedAt = -Infinity;
  private isAccepted = false;

  constructor(
    private readonly source: TokenSource,
    private readonly observer: TokenObserver,
    private readonly onClose: () => Promise<void> = () => Promise.resolve(),
  ) {
    super();
  }

  override header(): string | Promise<string> {
    const { held } = this;
    const now = performance.now();
    if (held === null || now >= held.expiresAt) return this.refresh();
    if (now >= held.refreshAt && !this.isResting(now)) this.refresh().catch(() => undefined);
    return held.header;
  }

  override async renew(refused: string): Promise<string | null> {
    // Another call has replaced it meanwhile, or does so now.
    if (this.held !== null && this.held.header !== refused) return this.held.header;
    if (this.running === null) {
      const now = performance.now();
      const restMs = this.isAccepted ? REPLACED_REST_MS : REFUSED_AGAIN_REST_MS;
      if (now - this.replacedAt < restMs) return null;
      this.replacedAt = now;
      this.isAccepted = false;
      this.held = null;
    }
    const header = await this.refresh();
    return header === refused ? null : header;
  }

  override accepted(): void {
    this.isAccepted = true;
  }

  override close(): Promise<void> {
    return this.onClose();
  }

  private isResting(now: number): boolean {
    return this.failed !== null && now < this.failed.restsUntil;
  }

  private refresh(): Promise<string> {
    if (this.running !== null) return this.running;
    if (this.failed !== null && this.isResting(performance.now())) return Promise.reject(this.failed.error);
    const running = this.obtain().finally(() => {
      this.running = null;
    });
    this.running = running;
    return running;
  }

  private async obtain(): Promise<string> {
    const requestedAt = performance.now();
    try {
      const token = await this.source.request();
      this.held = hold(token, requestedAt);
      this.failures = 0;
      this.failed = null;
      this.observer.tokenReceived();
      return this.held.header;
    } catch (thrown) {
      const error = thrown instanceof TokenError ? thrown : new TokenError('it cannot be asked', false);
      const now = performance.now();
      const restMs = Math.min(FIRST_REST_MS * 2 ** Math.min(this.failures, 10), LONGEST_REST_MS);
      this.failures += 1;
      this.failed = { error, restsUntil: now + restMs };
      this.observer.tokenFailed(error, this.held !== null && now < this.held.expiresAt);
      throw error;
    }
  }
}

function hold({ token, expiresInS }: AccessToken, requestedAt: number): HeldToken {
  const lifeMs = Math.min(expiresInS ?? DEFAULT_LIFETIME_S, MAX_LIFETIME_S) * 1_000;
  return {
    header: `Bearer ${token}`,
    refreshAt: requestedAt + lifeMs - Math.min(EARLY_MS, lifeMs * EARLY_SHARE),
    expiresAt: requestedAt + lifeMs - Math.min(MARGIN_MS, lifeMs * MARGIN_SHARE),
  };
}
