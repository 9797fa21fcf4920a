/** What is known of a call that failed. */
export interface FailedCall {
  readonly method: string;
  /** Without credentials, with masked query values and secrets of the path. */
  readonly url: string;
  /** What the caller calls the endpoint, in texts that clients may read; null: its host is named. */
  readonly name?: string | null;
  /** The step that made the call; null where it was none. */
  readonly step?: string | null;
  /** Null where no answer came. */
  readonly status: number | null;
  /** The answer's body, parsed where it is JSON, cut at 64 KiB; null where there is none or it cannot be read. */
  readonly body: unknown;
  /** Milliseconds that the answer's `Retry-After` asks for; null where it has none. */
  readonly retryAfterMs?: number | null;
}

/**
 * A call to the outside that failed: answered with a status that is not 2xx, or not answered.
 *
 * Its message can reach a client as the error of a process, so it names step and host, and not the path.
 */
export class HttpCallError extends Error {
  override readonly name = 'HttpCallError';

  readonly method: string;
  /** Without credentials, with masked query values and secrets of the path. */
  readonly url: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** The answer's body, parsed where it is JSON, cut at 64 KiB; null where there is none or it cannot be read. */
  readonly body: unknown;
  /** Milliseconds that the answer's `Retry-After` asks for; null where it has none. */
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
