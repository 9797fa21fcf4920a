import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { describeUrl, type UrlSecrets } from '../urls/index.js';
import { jsonFormFault, stringifyJson } from '../json/index.js';
import { PARTNERS_CONFIG, type PartnersConfig } from '../../config/index.js';
import { tagCaller } from './call-owner.js';
import { type AnswerBody, parseBody, readAnswerBody, UnreadableBodyError } from './answer-body.js';
import { HttpCallError } from './http-call.error.js';
import { defaultRetryDelayMs, httpRetryDelayMs, readRetryAfter, waited } from './http-retry.js';
import {
  type HttpAnswer,
  type HttpCaller,
  HttpCalls,
  type HttpMethod,
  type HttpOptions,
} from './http.calls.js';
import { OutboundAgent } from './outbound.agent.js';
import { type AbortSignalLike, RequestLimit } from './request-limit.js';

/** Idempotent methods (RFC 9110). */
const IDEMPOTENT_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE']);

/** Timeout of the connection in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Most bytes of an answer; a larger one is an error. */
const MAX_BODY_BYTES = 10 * 1_024 * 1_024;

/** Most bytes of an answer that an error contains. */
const MAX_ERROR_BODY_BYTES = 64 * 1_024;

/**
 * Outside HTTP calls with JSON bodies and a timeout. No redirect is followed. An idempotent call is retried once, after a delay, on 429, 502, 503,
 * 504 and connection errors.
 *
 * A handler makes its calls through `task.http`, which adds the headers and the signal of its task.
 */
@Injectable()
export class HttpService extends HttpCalls implements BeforeApplicationShutdown {
  private readonly agent: OutboundAgent;
  private readonly redactedPaths: readonly RegExp[];

  constructor(@Inject(PARTNERS_CONFIG) private readonly config: PartnersConfig) {
    super();
    this.redactedPaths = config.redactedPaths.map((pattern) => new RegExp(pattern, 'g'));
    const { maxConnections, proxies } = config;
    this.agent = new OutboundAgent({ maxConnections, proxies, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  }

  /** Calls on behalf of a caller: they send its headers, abort with its signal, and report each attempt to it. */
  callsOf(caller: HttpCaller): HttpCalls {
    return new CallsOf((...call) => this.call(caller, ...call));
  }

  override request(method: HttpMethod, url: string | URL, options?: HttpOptions): Promise<HttpAnswer> {
    return this.call(null, method, url, options);
  }

  /** Closes all connections and aborts calls that still run. */
  async close(): Promise<void> {
    if (!this.agent.destroyed) await this.agent.destroy();
  }

  // Not onModuleDestroy: there ShutdownService still awaits running handlers, which may make calls.
  async beforeApplicationShutdown(): Promise<void> {
    await this.close();
  }

  private async call(
    caller: HttpCaller | null,
    method: HttpMethod,
    url: string | URL,
    options: HttpOptions = {},
  ): Promise<HttpAnswer> {
    const target = targetOf(url);
    const json = bodyOf(options.json);
    try {
      return await this.attempt(caller, method, target, json, options);
    } catch (error) {
      const mayRepeat = IDEMPOTENT_METHODS.has(method) || options.idempotencyKey !== undefined;
      const delayMs = mayRepeat && error instanceof FailedAttempt ? error.repeatAfterMs : null;
      if (delayMs === null || !(await waited(delayMs, abortSignalsOf(caller, options)))) {
        throw unwrap(error, caller);
      }
    }
    try {
      return await this.attempt(caller, method, target, json, options);
    } catch (error) {
      throw unwrap(error, caller);
    }
  }

  private async attempt(
    caller: HttpCaller | null,
    method: HttpMethod,
    url: URL,
    json: string | null,
    options: HttpOptions,
  ): Promise<HttpAnswer> {
    const limit = new RequestLimit(
      options.timeoutMs ?? this.config.timeoutMs,
      ...abortSignalsOf(caller, options),
    );
    const endpoint = describeUrl(url, this.secretsOf(options));
    const began = performance.now();
    let status: number | null = null;
    let ok = false;
    const failed = (
      reason: string,
      facts: {
        readonly body?: unknown;
        readonly retryAfterMs?: number | null;
        readonly cause?: unknown;
      } = {},
    ): HttpCallError => {
      const { body = null, retryAfterMs = null, cause } = facts;
      const { name = null } = options;
      const call = { method, url: endpoint, name, step: caller?.step ?? null, status, body, retryAfterMs };
      return new HttpCallError(call, reason, cause === undefined ? undefined : { cause });
    };
    try {
      const answer = await this.send(
        method,
        url,
        json,
        Object.assign({}, options, { headers: { ...caller?.headers, ...options.headers } }),
        limit,
      );
      status = answer.status;
      const contentType = answer.headers['content-type'];
      ok = status >= 200 && status < 300;
      const type = typeof contentType === 'string' ? contentType : null;
      if (!ok) {
        const retryAfterMs = readRetryAfter(answer.headers['retry-after']);
        const facts = await readErrorBody(type, readAnswerBody(answer, MAX_ERROR_BODY_BYTES));
        const error = failed(refusalOf(url, answer), { ...facts, retryAfterMs });
        // No retry if the timeout elapsed while the body was read.
        const isOver = limit.timedOut || limit.signal.aborted;
        throw new FailedAttempt(error, isOver ? null : httpRetryDelayMs(status, retryAfterMs));
      }
      const body = await readAnswerBody(answer, MAX_BODY_BYTES);
      if (body.cut) throw failed(`the answer is larger than ${MAX_BODY_BYTES} bytes`);
      return { status, headers: answer.headers, body: parseBody(type, body) };
    } catch (error) {
      ok = false;
      if (error instanceof FailedAttempt || error instanceof HttpCallError) throw error;
      if (limit.timedOut) throw failed('no answer within the timeout', { cause: error });
      if (limit.signal.aborted) throw failed('aborted', { cause: error });
      if (error instanceof UnreadableBodyError) throw failed(error.message, { cause: error.cause });
      const reason = `the connection failed (${codeOf(error)})`;
      throw new FailedAttempt(failed(reason, { cause: error }), defaultRetryDelayMs());
    } finally {
      limit.clear();
      caller?.record({ method, endpoint, status, ok, durationMs: Math.round(performance.now() - began) });
    }
  }

  /** Secrets to mask in the path: those of this call, and those of `HTTP_REDACTED_PATHS`. */
  private secretsOf({ redact = [] }: HttpOptions): UrlSecrets {
    return redact === 'path' ? redact : [...redact, ...this.redactedPaths];
  }

  private async send(
    method: HttpMethod,
    url: URL,
    json: string | null,
    { headers, idempotencyKey }: HttpOptions,
    limit: RequestLimit,
  ) {
    const request = this.agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      signal: limit.signal,
      headers: {
        accept: 'application/json',
        ...basicAuthorization(url),
        ...(json === null ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
        ...headers,
      },
      body: json,
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

/** A failed attempt that may be retried. */
class FailedAttempt extends Error {
  constructor(
    readonly error: HttpCallError,
    /** Milliseconds; null: no retry. */
    readonly repeatAfterMs: number | null,
  ) {
    super(error.message);
  }
}

/** The error that the caller receives. */
function unwrap(thrown: unknown, caller: HttpCaller | null): unknown {
  const error = thrown instanceof FailedAttempt ? thrown.error : thrown;
  tagCaller(error, caller);
  return error;
}

/** Throws without the given text, which may contain a secret; the error of `new URL` would include it. */
function targetOf(url: string | URL): URL {
  if (!URL.canParse(String(url))) throw new TypeError('The URL of an outside call is not valid.');
  return new URL(url);
}

/** @throws TypeError with the path of a value that JSON cannot hold */
function bodyOf(json: unknown): string | null {
  if (json === undefined) return null;
  const fault = jsonFormFault(json, { bigints: true });
  if (fault === null) return stringifyJson(json) ?? null;
  const place = fault.path === '' ? '' : `at "${fault.path}" `;
  throw new TypeError(`The body of an outside call is not JSON: ${place}${fault.reason}.`);
}

/** The body of an error answer, or the cause if it cannot be read; status and headers are used without it. */
async function readErrorBody(
  type: string | null,
  reading: Promise<AnswerBody>,
): Promise<{ readonly body: unknown; readonly cause?: unknown }> {
  try {
    return { body: parseBody(type, await reading) };
  } catch (cause) {
    return { body: null, cause };
  }
}

function codeOf(error: unknown): string {
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  return typeof code === 'string' ? code : String(name);
}

/** Says that a redirect is not followed; without its address, because clients may read the error. */
function refusalOf(
  url: URL,
  { status, headers }: { status: number; headers: HttpAnswer['headers'] },
): string {
  const { location } = headers;
  if (status < 300 || status >= 400 || typeof location !== 'string') return `answered ${status}`;
  const isElsewhere = !URL.canParse(location, url.href) || new URL(location, url).origin !== url.origin;
  return `answered ${status} with a redirect${isElsewhere ? ' to another host' : ''}, which is not followed`;
}

/** The signals that abort a call: its own, and that of its caller. */
function abortSignalsOf(caller: HttpCaller | null, { signal }: HttpOptions): readonly AbortSignalLike[] {
  return [signal, caller?.abortSignal].filter((each) => each !== undefined);
}

function basicAuthorization(url: URL): Record<string, string> {
  if (url.username === '') return {};
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}
