import { FormData } from 'undici';
import {
  DIRECT,
  OutboundAgent,
  readAnswerBody,
  RequestLimit,
  TlsFiles,
  UnreadableBodyError,
} from '../common/http/index.js';
import type { PartnersConfig, ProxyConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';
import {
  createAuthorization,
  type EngineAuthorization,
  NoAuthorization,
  TokenError,
} from './authorization/index.js';
import { type EngineAccessMonitor, isRedirect } from './engine-access.monitor.js';
import type { EngineEndpoint } from './engine.endpoint.js';
import {
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineTooLateError,
  EngineUnreachableError,
} from './engine.errors.js';
import {
  type EnginePart,
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  readResponseBody,
  requireInTime,
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

/** Options of the transport; the agent's certificates and the credentials come from the endpoint's configuration. */
export interface HttpTransportOptions {
  readonly access?: EngineAccessMonitor;
  readonly authorization?: EngineAuthorization;
  readonly tls?: TlsFiles | undefined;
  /** Most connections. */
  readonly maxConnections?: number;
  readonly proxies?: ProxyConfig;
}

/** What is known about a call that fails. */
interface Progress {
  /** True while the engine may have received a request that it did not refuse with 401. */
  sent: boolean;
  /** Status of an answer that arrived; null before. */
  status: number | null;
}

/** Where a request goes: the parts of its URL. */
interface Target {
  readonly origin: string;
  readonly path: string;
}

interface RawResponse extends EngineResponse {
  readonly location: string | null;
}

/**
 * Sends requests over HTTP on its own keep-alive connections, which are closed at shutdown.
 *
 * A request is repeated only once, with other credentials, after a 401: the engine has not executed it. If the server
 * closes a connection while a request is in flight, that is an {@link EngineAmbiguousError}. undici drops an idle
 * connection a second before the server's announced limit. No redirect is followed.
 */
export class HttpEngineTransport extends EngineTransport {
  private readonly agent: OutboundAgent;
  private readonly access: EngineAccessMonitor | undefined;
  private readonly authorization: EngineAuthorization;

  constructor(
    private readonly endpoint: EngineEndpoint,
    shutdown: ShutdownService,
    options: HttpTransportOptions = {},
  ) {
    super();
    const { access, authorization = new NoAuthorization(), tls } = options;
    const { maxConnections = DEFAULT_CONNECTIONS, proxies = DIRECT } = options;
    this.access = access;
    this.authorization = authorization;
    this.agent = new OutboundAgent({ maxConnections, proxies, tls, connectTimeoutMs: CONNECT_TIMEOUT_MS });
    shutdown.register('release', 'engine connections', async () => {
      await Promise.all([this.agent.destroy(), authorization.close()]);
    });
  }

  async send(call: EngineRequest): Promise<EngineResponse> {
    const limit = new RequestLimit(call.timeoutMs, call.signal);
    const progress: Progress = { sent: false, status: null };
    try {
      const target = this.locate(call);
      const known = this.authorization.header();
      const header = known instanceof Promise ? await limit.orAborted(known) : known;
      const answer = await this.exchange(call, target, header, limit, progress);
      if (answer.status !== 401 || header === null) return this.received(call, answer);
      const renewed = await limit.orAborted(this.authorization.renew(header));
      if (renewed === null) return this.received(call, answer);
      return this.received(call, await this.exchange(call, target, renewed, limit, progress));
    } catch (error) {
      throw translate(call, error, limit, progress);
    } finally {
      limit.clear();
    }
  }

  /** Sends a request and reads its answer. */
  private async exchange(
    call: EngineRequest,
    { origin, path }: Target,
    authorization: string | null,
    limit: RequestLimit,
    progress: Progress,
  ): Promise<RawResponse> {
    // Also after the wait for an access token.
    requireInTime(call);
    progress.sent = true;
    progress.status = null;
    const request = this.agent.request({
      origin,
      path,
      method: call.method,
      signal: limit.signal,
      headers: {
        accept: 'application/json',
        ...(authorization === null ? {} : { authorization }),
        ...contentType(call),
      },
      body: call.multipart
        ? toForm(call.multipart)
        : call.json === undefined
          ? null
          : JSON.stringify(call.json),
    });
    const { statusCode, headers, body } = await limit.orAborted(request);
    progress.status = statusCode;
    const { text, cut, charset } = await readAnswerBody({ headers, body }, MAX_ANSWER_BYTES);
    if (text === null) throw new UnreadableBodyError(`answered with bytes that are not ${charset}`);
    if (cut) throw new Error(`The answer is larger than ${MAX_ANSWER_BYTES} bytes.`);
    progress.sent = statusCode !== 401;
    const contentTypeText = firstOf(headers['content-type']);
    return {
      status: statusCode,
      contentType: contentTypeText,
      body: readResponseBody(contentTypeText, text),
      location: firstOf(headers.location),
    };
  }

  /** @throws EngineMisconfiguredError for a redirect */
  private received(call: EngineRequest, answer: RawResponse): EngineResponse {
    const { status, contentType, body, location } = answer;
    if (status !== 401) this.authorization.accepted();
    this.access?.note(call, status);
    if (isRedirect(status))
      throw new EngineMisconfiguredError(call, redirectReason(status, location), status);
    return { status, contentType, body };
  }

  private locate(call: EngineRequest): Target {
    const url = new URL(`${this.endpoint.baseUrl}${call.path}`);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return { origin: url.origin, path: `${url.pathname}${url.search}` };
  }
}

/** Creates the transport with the credentials and certificates of an endpoint. */
export function createHttpTransport(
  endpoint: EngineEndpoint,
  shutdown: ShutdownService,
  access: EngineAccessMonitor,
  { maxConnections, proxies }: Pick<PartnersConfig, 'maxConnections' | 'proxies'>,
): HttpEngineTransport {
  const { auth = { mode: 'none' }, tls = null } = endpoint;
  const onFault = (error: unknown): void => {
    access.certificatesFailed(error instanceof Error ? error.message : String(error));
  };
  const filesOf = (trustsWellKnown: boolean): TlsFiles | undefined =>
    tls === null ? undefined : new TlsFiles(tls, { trustsWellKnown, onFault });
  const authorization = createAuthorization(auth, { proxies, tls: filesOf(true), observer: access });
  return new HttpEngineTransport(endpoint, shutdown, {
    access,
    authorization,
    tls: filesOf(false),
    maxConnections,
    proxies,
  });
}

function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

/** Names only the host: the path may hold a secret. */
function redirectReason(status: number, location: string | null): string {
  const to = location !== null && URL.canParse(location) ? ` to ${new URL(location).host}` : '';
  return `answered ${status}, a redirect${to}, which is not followed: set CAMUNDA_BASE_URL to the address of the engine itself, and check its credentials`;
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

function translate(
  call: EngineRequest,
  error: unknown,
  limit: RequestLimit,
  { sent, status }: Progress,
): Error {
  if (error instanceof EngineMisconfiguredError || error instanceof EngineTooLateError) return error;
  if (error instanceof TokenError) return tokenFault(call, error);
  if (!sent && (limit.timedOut || limit.signal.aborted)) {
    const when = limit.timedOut ? `within ${limit.timeoutMs} ms` : 'before the call was aborted';
    return new EngineUnreachableError(call, `no access token ${when}; nothing was sent`, { cause: error });
  }
  if (limit.timedOut) {
    return new EngineAmbiguousError(call, `no answer within ${limit.timeoutMs} ms`, null, { cause: error });
  }
  if (limit.signal.aborted) return new EngineAmbiguousError(call, 'aborted', null, { cause: error });
  if (error instanceof UnreadableBodyError) {
    return new EngineMisconfiguredError(call, error.message, status, { cause: error.cause });
  }
  const { code, syscall } = systemFacts(error);
  if (NOTHING_SENT_CODES.has(code) || CONNECTING_CALLS.has(syscall)) {
    return new EngineUnreachableError(call, `the engine cannot be reached (${code})`, { cause: error });
  }
  if (TLS_CODE.test(code)) {
    return new EngineMisconfiguredError(call, tlsReason(code), null, { cause: error });
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

/** Not with its cause, which may hold what the token endpoint answered. */
function tokenFault(call: EngineRequest, { message, isRefusal }: TokenError): Error {
  const reason = `no access token, nothing was sent (the token endpoint: ${message})`;
  // As if the engine itself had refused the credentials.
  return isRefusal
    ? new EngineMisconfiguredError(call, reason, 401)
    : new EngineUnreachableError(call, reason);
}

function tlsReason(code: string): string {
  const untrusted = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/.test(code) ? ': set CAMUNDA_TLS_CA_FILE' : '';
  const wanted = /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|UNKNOWN_CA|BAD_CERTIFICATE/.test(code)
    ? ': the engine wants another client certificate, set CAMUNDA_TLS_CERT_FILE and CAMUNDA_TLS_KEY_FILE'
    : '';
  return `no secure connection (${code})${untrusted}${wanted}`;
}

function systemFacts(error: unknown): { code: string; syscall: string } {
  if (error instanceof AggregateError && error.errors.length > 0) return systemFacts(error.errors[0]);
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' ? code : String(message),
    syscall: typeof syscall === 'string' ? syscall : '',
  };
}
