import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { Agent } from 'undici';
import { PARTNERS_CONFIG, type PartnersConfig } from '../../config/index.js';
import { connectionLimit } from './connection-limit.js';
import { tagCaller } from './call-owner.js';
import { describeUrl, parseBody, readBounded } from './bounded-body.js';
import { HttpCallError } from './http-call.error.js';
import {
  type HttpAnswer,
  type HttpCaller,
  HttpCalls,
  type HttpMethod,
  type HttpOptions,
} from './http.calls.js';
import { type AbortSignalLike, RequestLimit } from './request-limit.js';

/** Methods that RFC 9110 calls idempotent. */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/** Statuses that pass by themselves. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Milliseconds before the repetition, spread by half, where the answer does not say. */
const RETRY_DELAY_MS = 200;

/** Longest `Retry-After` that is waited for here; with a longer one the step itself is to be retried. */
const MAX_RETRY_AFTER_MS = 5_000;

/** Bytes of an answer; a larger one is an error. */
const MAX_BODY_BYTES = 10 * 1_024 * 1_024;

/** Bytes that an error keeps of an answer. */
const MAX_ERROR_BODY_BYTES = 64 * 1_024;

/**
 * Calls to the outside: JSON in and out, a time-out, and one repetition with a delay on 429, 502, 503, 504 and
 * connection errors where a second call can do no harm.
 *
 * A handler makes its calls through `task.http`, which is this service on behalf of its task.
 */
@Injectable()
export class HttpService extends HttpCalls implements BeforeApplicationShutdown {
  private readonly agent: Agent;

  constructor(@Inject(PARTNERS_CONFIG) private readonly config: PartnersConfig) {
    super();
    this.agent = new Agent({
      connections: connectionLimit(config.maxConnections),
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: 10_000 },
    });
  }

  /** Calls of somebody's work: they carry its headers, end with its signal, and every try is told to it. */
  callsOf(caller: HttpCaller): HttpCalls {
    return new CallsOf((...call) => this.call(caller, ...call));
  }

  override request(method: HttpMethod, url: string | URL, options?: HttpOptions): Promise<HttpAnswer> {
    return this.call(null, method, url, options);
  }

  /** Ends connections, and calls that still run: nobody waits for their answers any more. */
  async close(): Promise<void> {
    if (!this.agent.destroyed) await this.agent.destroy();
  }

  // Not onModuleDestroy: that of ShutdownService awaits running handlers, whose calls must still go out.
  async beforeApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async call(
    caller: HttpCaller | null,
    method: HttpMethod,
    url: string | URL,
    options: HttpOptions = {},
  ): Promise<HttpAnswer> {
    const target = new URL(url);
    try {
      return await this.tryOnce(caller, method, target, options);
    } catch (error) {
      const mayRepeat = IDEMPOTENT_METHODS.has(method) || options.idempotencyKey !== undefined;
      const delayMs = mayRepeat && error instanceof FailedTry ? error.repeatAfterMs : null;
      if (delayMs === null || !(await waited(delayMs, givenUpBy(caller, options)))) {
        throw unwrap(error, caller);
      }
    }
    try {
      return await this.tryOnce(caller, method, target, options);
    } catch (error) {
      throw unwrap(error, caller);
    }
  }

  private async tryOnce(
    caller: HttpCaller | null,
    method: HttpMethod,
    url: URL,
    options: HttpOptions,
  ): Promise<HttpAnswer> {
    const limit = new RequestLimit(options.timeoutMs ?? this.config.timeoutMs, ...givenUpBy(caller, options));
    const endpoint = describeUrl(url);
    const began = performance.now();
    let status: number | null = null;
    let ok = false;
    try {
      const answer = await this.send(
        method,
        url,
        Object.assign({}, options, { headers: { ...caller?.headers, ...options.headers } }),
        limit,
      );
      status = answer.status;
      const contentType = answer.headers['content-type'];
      ok = status >= 200 && status < 300;
      const { text, cut } = await readBounded(answer.body, ok ? MAX_BODY_BYTES : MAX_ERROR_BODY_BYTES);
      const body = parseBody(typeof contentType === 'string' ? contentType : null, text);
      if (!ok) {
        const error = new HttpCallError(method, endpoint, status, body, `answered ${status}`);
        throw new FailedTry(error, retryDelayMs(status, answer.headers['retry-after']));
      }
      if (cut) {
        ok = false;
        throw new HttpCallError(
          method,
          endpoint,
          status,
          null,
          `the answer is larger than ${MAX_BODY_BYTES} bytes`,
        );
      }
      return { status, headers: answer.headers, body };
    } catch (error) {
      ok = false;
      if (error instanceof FailedTry || error instanceof HttpCallError) throw error;
      throw connectionFailure(method, endpoint, status, error, limit);
    } finally {
      limit.clear();
      caller?.record({ method, endpoint, status, ok, durationMs: Math.round(performance.now() - began) });
    }
  }

  private async send(method: HttpMethod, url: URL, options: HttpOptions, limit: RequestLimit) {
    const { json, headers, idempotencyKey } = options;
    const request = this.agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      signal: limit.signal,
      headers: {
        accept: 'application/json',
        ...basicAuthorization(url),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...headers,
      },
      body: json === undefined ? null : JSON.stringify(json),
    });
    const answer = await limit.orAborted(request);
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  }
}

/** The calls of one caller. */
class CallsOf extends HttpCalls {
  constructor(private readonly call: HttpCalls['request']) {
    super();
  }

  override request(method: HttpMethod, url: string | URL, options?: HttpOptions): Promise<HttpAnswer> {
    return this.call(method, url, options);
  }
}

/** A try that may be worth another one. */
class FailedTry extends Error {
  constructor(
    readonly error: HttpCallError,
    /** Milliseconds; null where another try is not worth it. */
    readonly repeatAfterMs: number | null,
  ) {
    super(error.message);
  }
}

/** The error of a try as the caller gets it. */
function unwrap(thrown: unknown, caller: HttpCaller | null): unknown {
  const error = thrown instanceof FailedTry ? thrown.error : thrown;
  tagCaller(error, caller);
  return error;
}

function connectionFailure(
  method: string,
  endpoint: string,
  status: number | null,
  cause: unknown,
  limit: RequestLimit,
): Error {
  const { name, code } = cause as { readonly name?: unknown; readonly code?: unknown };
  const fail = (reason: string): HttpCallError =>
    new HttpCallError(method, endpoint, status, null, reason, { cause });
  if (limit.timedOut) return fail('no answer within the time-out');
  if (limit.signal.aborted) return fail('given up');
  return new FailedTry(
    fail(`the connection failed (${typeof code === 'string' ? code : String(name)})`),
    spread(RETRY_DELAY_MS),
  );
}

function retryDelayMs(status: number, retryAfter: string | string[] | undefined): number | null {
  if (!RETRYABLE_STATUSES.has(status)) return null;
  if (typeof retryAfter !== 'string') return spread(RETRY_DELAY_MS);
  const seconds = Number(retryAfter);
  const waitMs = Number.isNaN(seconds) ? Date.parse(retryAfter) - Date.now() : seconds * 1_000;
  if (Number.isNaN(waitMs)) return spread(RETRY_DELAY_MS);
  return waitMs > MAX_RETRY_AFTER_MS ? null : Math.max(waitMs, 0);
}

function spread(ms: number): number {
  return ms * (0.5 + Math.random());
}

/** What ends a call: its own signal, and the end of the work for which it is made. */
function givenUpBy(caller: HttpCaller | null, { signal }: HttpOptions): readonly AbortSignalLike[] {
  return [signal, caller?.abortSignal].filter((each) => each !== undefined);
}

/** Resolves to false where the work was given up meanwhile. */
function waited(ms: number, givenUp: readonly AbortSignalLike[]): Promise<boolean> {
  if (givenUp.some(({ aborted }) => aborted)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (whole: boolean): void => {
      clearTimeout(timer);
      for (const signal of givenUp) signal.removeEventListener('abort', onAbort);
      resolve(whole);
    };
    const onAbort = (): void => {
      end(false);
    };
    const timer = setTimeout(end, ms, true);
    for (const signal of givenUp) signal.addEventListener('abort', onAbort, { once: true });
  });
}

function basicAuthorization(url: URL): Record<string, string> {
  if (url.username === '') return {};
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}
