/** The caller of a command, as its request describes it; stored in the trail. */
export interface Requester {
  /** The `X-Request-Id` of the request, which its log line has too. */
  readonly requestId: string;
  /** Address at the other end of the connection: the client's, or that of the proxy in front of the service. */
  readonly clientAddress: string;
  /** Unverified `X-Forwarded-For` as received, at most 255 characters; null if the request has none. */
  readonly forwardedFor: string | null;
  /** The name of the authenticated principal; null with `AUTH_MODE=none`. */
  readonly principal: string | null;
}
