/** A failed outside call. */
export interface FailedCall {
  readonly method: string;
  /** Without credentials, with masked query values and secrets of the path. */
  readonly url: string;
  /** Name of the endpoint in messages, which clients may read; null: its host is named. */
  readonly name?: string | null;
  /** The step that made the call; null if no step did. */
  readonly step?: string | null;
  /** Null if no answer arrived. */
  readonly status: number | null;
  /** The answer's body, parsed if it is JSON, cut at 64 KiB; null if it is empty or unreadable. */
  readonly body: unknown;
  /** The answer's `Retry-After` in milliseconds; null if it has none. */
  readonly retryAfterMs?: number | null;
}

/**
 * An outside HTTP call that failed: it was answered with a status other than 2xx, or not answered.
 *
 * Clients may read its message as the error of a process, so it names step and host, but not the path.
 */
export class HttpCallError extends Error {
  override readonly name = 'HttpCallError';

  readonly method: string;
  /** Without credentials, with masked query values and secrets of the path. */
  readonly url: string;
  /** Null if no answer arrived. */
  readonly status: number | null;
  /** The answer's body, parsed if it is JSON, cut at 64 KiB; null if it is empty or unreadable. */
  readonly body: unknown;
  /** The answer's `Retry-After` in milliseconds; null if it has none. */
  readonly retryAfterMs: number | null;

  constructor(call: FailedCall, reason: string, options?: ErrorOptions) {
    const { method, url, name = null, step = null } = call;
    super(`${step === null ? '' : `${step}: `}${method} ${name ?? new URL(url).host}: ${reason}`, options);
    this.method = method;
    this.url = url;
    this.status = call.status;
    this.body = call.body;
    this.retryAfterMs = call.retryAfterMs ?? null;
  }
}
