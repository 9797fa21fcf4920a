import type { UrlSecrets } from '../urls/index.js';
import type { AbortSignalLike } from './request-limit.js';

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Timeout of each attempt in milliseconds; default: `HTTP_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** Sent as `Idempotency-Key`; allows a retry of a call whose method is not idempotent. */
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  /**
   * Name of the endpoint in errors, for example `/quotes`; default: its host. Clients may read it as the error of a
   * process, so it must not contain secrets.
   */
  readonly name?: string;
  /** Secrets of the path, shown as `***` in log, trail and errors: strings and patterns, or `path` for the whole path. */
  readonly redact?: UrlSecrets;
}

/** An answer with a 2xx status. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /**
   * A parsed value if it is JSON, with integers beyond ±(2^53 − 1) as `bigint`; a string if it is text in its charset,
   * otherwise a `Buffer`; null if it is empty. Parse it with a schema, because it comes from outside.
   */
  readonly body: unknown;
}

/** One attempt of an outside call, as recorded in the trail; without bodies and header values. */
export interface HttpCall {
  readonly method: string;
  /** URL without credentials, with masked query values and secrets of the path. */
  readonly endpoint: string;
  /** Null if no answer arrived. */
  readonly status: number | null;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly ok: boolean;
}

/** A unit of work that makes calls, for example a task. */
export interface HttpCaller {
  /** Named in errors; absent if the caller is not a step. */
  readonly step?: string;
  /** Sent with each call, for example `x-correlation-id`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborts the calls. */
  readonly abortSignal?: AbortSignalLike;
  /** Called after each attempt. */
  record(call: HttpCall): void;
}

/** Outside HTTP calls with JSON bodies. Each method @throws HttpCallError with status and body of the last attempt. */
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
