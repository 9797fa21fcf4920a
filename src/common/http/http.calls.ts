import type { UrlSecrets } from '../urls/index.js';
import type { AbortSignalLike } from './request-limit.js';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds for each try; `HTTP_TIMEOUT_MS` where absent. */
  readonly timeoutMs?: number;
  /** Sent as `Idempotency-Key`; allows the repetition of a call that is not idempotent by its method. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /**
   * What errors call the endpoint, `/quotes`; its host where absent. Clients may read it as the error of a process, so
   * it has no secret.
   */
  readonly name?: string;
  /** Secrets of the path, `***` in log, trail and errors: texts and patterns, or `path` for all of it. */
  readonly redact?: UrlSecrets;
}

/** An answer of 2xx. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * Parsed where it is JSON, with integers beyond ±(2^53 − 1) as `bigint`; a text where it is text in its charset, else a
   * `Buffer`; null where it is empty. Parse it with a schema: it comes from outside.
   */
  readonly body: unknown;
}

/** One call to the outside, as it is reported; without bodies and header values. */
export interface HttpCall {
  readonly method: string;
  /** URL without credentials, with masked query values and secrets of the path. */
  readonly endpoint: string;
  /** Null where no answer came. */
  readonly status: number | null;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly ok: boolean;
}

/** A piece of work on whose behalf calls are made. */
export interface HttpCaller {
  /** Named in errors; absent where no step calls. */
  readonly step?: string;
  /** Sent with each call, for example `x-correlation-id`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the calls of work that is given up. */
  readonly abortSignal?: AbortSignalLike;
  /** Is told of every try. */
  record(call: HttpCall): void;
}

/** Calls to the outside: JSON in and out. Each of them @throws HttpCallError with the status and body of the last try. */
export abstract class HttpCalls {
  get(url: string | URL, options?: HttpOptions): Promise<HttpAnswer> {
    return this.request('GET', url, options);
  }

  post(url: string | URL, json: unknown, options?: HttpOptions): Promise<HttpAnswer> {
    return this.request('POST', url, Object.assign({}, options, { json }));
  }

  put(url: string | URL, json: unknown, options?: HttpOptions): Promise<HttpAnswer> {
    return this.request('PUT', url, Object.assign({}, options, { json }));
  }

  delete(url: string | URL, options?: HttpOptions): Promise<HttpAnswer> {
    return this.request('DELETE', url, options);
  }

  abstract request(method: HttpMethod, url: string | URL, options?: HttpOptions): Promise<HttpAnswer>;
}
