/**
 * What the service sends to the engine as `Authorization`, and what it does when the engine answers 401.
 */
export abstract class EngineAuthorization {
  /**
   * The value of the header; null: none is sent. A promise only if it is not known yet, because every call asks for it.
   *
   * @throws TokenError, as a rejection, if no token can be obtained
   */
  abstract header(): string | null | Promise<string>;

  /**
   * Other credentials, after the engine refused some with 401.
   *
   * @param refused the header that was sent
   * @returns null if there are none, so that a repetition of the call would be refused too
   * @throws TokenError if no token can be obtained
   */
  abstract renew(refused: string): Promise<string | null>;

  /** Notes that the engine accepted the credentials of the last call. */
  accepted(): void {
    // Only tokens need it.
  }

  /** Closes what it has opened. */
  async close(): Promise<void> {
    // Only the client of a token endpoint has connections.
  }
}

/** Sends no credentials. */
export class NoAuthorization extends EngineAuthorization {
  override header(): null {
    return null;
  }

  override renew(): Promise<null> {
    return Promise.resolve(null);
  }
}

/** No token could be obtained. The message is a clause without URLs, secrets and texts of the token endpoint. */
export class TokenError extends Error {
  override readonly name = 'TokenError';

  constructor(
    message: string,
    /** True: the token endpoint refuses the client, or answers with something else than a token. */
    readonly isRefusal: boolean,
    /** How the token endpoint describes its refusal, on one line and without secrets; for the log. */
    readonly description: string | null = null,
  ) {
    super(message);
  }
}
