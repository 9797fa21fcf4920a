import { FormData } from 'undici';
import {
  DIRECT,
  OutboundAgent,
  readAnswerBody,
  RequestLimit,
  UnreadableBodyError,
} from '../common/http/index.js';
import type { ProxyConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import type { EngineAccessMonitor } from './engine-access.monitor.js';
import type { EngineEndpoint } from './engine.endpoint.js';
import { EngineAmbiguousError, EngineMisconfiguredError, EngineUnreachableError } from './engine.errors.js';
import {
  type EnginePart,
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  readResponseBody,
} from './engine.transport.js';

/** Timeout of the connection in milliseconds; if it elapses, nothing was sent. */
const CONNECT_TIMEOUT_MS = 5_000;

/** Most connections if nothing else is configured. */
const DEFAULT_CONNECTIONS = 1_000;

/** Most bytes of an answer; a larger one is not the engine's. */
const MAX_ANSWER_BYTES = 32 * 1_024 * 1_024;

/** Errors before the first byte of a request was sent. */
const NOTHING_SENT_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** System calls before the first byte of a request is sent. */
const CONNECTING_CALLS: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);

/** Errors of Node's TLS about certificates and protocols: the configuration is wrong. */
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/;

/**
 * Sends requests over HTTP on its own keep-alive connections, which are closed at shutdown.
 *
 * No request is repeated: if the server closes a connection while a request is in flight, that is an
 * {@link EngineAmbiguousError}. undici drops an idle connection a second before the server's announced limit.
 */
export class HttpEngineTransport extends EngineTransport {
  private readonly agent: OutboundAgent;

  constructor(
    private readonly endpoint: EngineEndpoint,
    shutdown: ShutdownService,
    private readonly access?: EngineAccessMonitor,
    maxConnections = DEFAULT_CONNECTIONS,
    proxies: ProxyConfig = DIRECT,
  ) {
    super();
    this.agent = new OutboundAgent({ maxConnections, proxies, connectTimeoutMs: CONNECT_TIMEOUT_MS });
    shutdown.register('release', 'engine connections', () => this.agent.destroy());
  }

  async send(call: EngineRequest): Promise<EngineResponse> {
    const limit = new RequestLimit(call.timeoutMs, call.signal);
    try {
      const { url, authorization } = this.locate(call);
      const request = this.agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: call.method,
        signal: limit.signal,
        headers: { accept: 'application/json', ...authorization, ...contentType(call) },
        body: call.multipart
          ? toForm(call.multipart)
          : call.json === undefined
            ? null
            : JSON.stringify(call.json),
      });
      const { statusCode, headers, body } = await limit.orAborted(request);
      const { text, cut, charset } = await readAnswerBody({ headers, body }, MAX_ANSWER_BYTES);
      if (text === null) throw new UnreadableBodyError(`answered with bytes that are not ${charset}`);
      if (cut) throw new Error(`The answer is larger than ${MAX_ANSWER_BYTES} bytes.`);
      this.access?.note(call, statusCode);
      const type = headers['content-type'];
      const contentTypeText = (Array.isArray(type) ? type[0] : type) ?? null;
      return {
        status: statusCode,
        contentType: contentTypeText,
        body: readResponseBody(contentTypeText, text),
      };
    } catch (error) {
      throw translate(call, error, limit);
    } finally {
      limit.clear();
    }
  }

  private locate(call: EngineRequest): { url: URL; authorization: Record<string, string> } {
    const url = new URL(`${this.endpoint.baseUrl}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    if (url.username === '') return { url, authorization: {} };
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = '';
    url.password = '';
    return { url, authorization: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` } };
  }
}

function contentType(call: EngineRequest): Record<string, string> {
  return call.json === undefined ? {} : { 'content-type': 'application/json' };
}

function toForm(parts: readonly EnginePart[]): FormData {
  const form = new FormData();
  for (const { name, content, filename } of parts) {
    if (filename === undefined) form.append(name, content);
    else form.append(name, new Blob([content], { type: 'application/octet-stream' }), filename);
  }
  return form;
}

function translate(call: EngineRequest, error: unknown, limit: RequestLimit): Error {
  if (limit.timedOut) {
    return new EngineAmbiguousError(call, `no answer within ${limit.timeoutMs} ms`, null, { cause: error });
  }
  if (limit.signal.aborted) return new EngineAmbiguousError(call, 'aborted', null, { cause: error });
  if (error instanceof UnreadableBodyError) {
    return new EngineMisconfiguredError(call, error.message, null, { cause: error.cause });
  }
  const { code, syscall } = systemFacts(error);
  if (NOTHING_SENT_CODES.has(code) || CONNECTING_CALLS.has(syscall)) {
    return new EngineUnreachableError(call, `the engine cannot be reached (${code})`, { cause: error });
  }
  if (TLS_CODE.test(code)) {
    return new EngineMisconfiguredError(call, `no secure connection (${code})`, null, { cause: error });
  }
  if (code === 'ERR_INVALID_URL') {
    return new EngineMisconfiguredError(call, 'the base URL is not a URL', null, { cause: error });
  }
  // The proxy refused CONNECT: nothing was sent to the engine.
  if (error instanceof Error && error.message.startsWith('Proxy response')) {
    return new EngineUnreachableError(call, 'the proxy does not connect to the engine', { cause: error });
  }
  return new EngineAmbiguousError(call, `the connection was lost (${code})`, null, { cause: error });
}

function systemFacts(error: unknown): { code: string; syscall: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return systemFacts(error.errors[0]);
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? code : String(message),
    syscall: typeof syscall === 'string' ? syscall : '',
  };
}
