import { copyJson } from '../common/json/index.js';
import type {
  DispatchedPart,
  DispatchedRequest,
  DispatchedResponse,
  EngineDispatch,
} from './engine.dispatch.js';
import { EngineAmbiguousError } from './engine.errors.js';
import {
  type EnginePart,
  type EngineRequest,
  type EngineResponse,
  EngineTransport,
  readResponseBody,
} from './engine.transport.js';

/**
 * Sends requests to an engine in this process: the same requests and answers as over HTTP, without a socket.
 *
 * Requests and answers are copied, because the engine and its callers must not share objects. If a caller aborts or its
 * timeout elapses, the engine handles it like a closed connection and drops the caller's long poll.
 */
export class InProcessEngineTransport extends EngineTransport {
  private readonly origin: string;
  private readonly basePath: string;

  /** @param baseUrl address of the same engine, for links in its answers */
  constructor(
    private readonly dispatch: EngineDispatch,
    baseUrl: string,
  ) {
    super();
    const { origin, pathname } = new URL(baseUrl);
    this.origin = origin;
    this.basePath = pathname.replace(/\/$/, '');
  }

  async send(call: EngineRequest): Promise<EngineResponse> {
    if (call.signal?.aborted) throw new EngineAmbiguousError(call, 'aborted', null);
    const caller = new WaitingCaller(call);
    try {
      return readResponse(await caller.waitFor(this.dispatch(this.toRequest(call, caller))));
    } finally {
      caller.done();
    }
  }

  private toRequest(call: EngineRequest, caller: WaitingCaller): DispatchedRequest {
    return {
      method: call.method,
      url: `${this.basePath}${call.path}${queryOf(call)}`,
      body: bodyOf(call),
      origin: this.origin,
      onDisconnect: (listener) => {
        caller.onLeave(listener);
      },
    };
  }
}

/** Waits for one answer until its timeout elapses or its signal aborts; notifies the engine if the caller stops waiting. */
class WaitingCaller {
  private readonly listeners: (() => void)[] = [];
  private readonly timer: NodeJS.Timeout;
  private left: EngineAmbiguousError | null = null;
  private reject: (error: Error) => void = () => undefined;

  constructor(private readonly call: EngineRequest) {
    const { timeoutMs, signal } = call;
    this.timer = setTimeout(() => {
      this.leave(`no answer within ${timeoutMs} ms`);
    }, timeoutMs);
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Settles with the answer, or rejects when the caller stops waiting. */
  waitFor(answer: Promise<DispatchedResponse>): Promise<DispatchedResponse> {
    return new Promise((resolve, reject) => {
      this.reject = reject;
      answer.then(resolve, reject);
    });
  }

  onLeave(listener: () => void): void {
    if (this.left === null) this.listeners.push(listener);
    else listener();
  }

  done(): void {
    clearTimeout(this.timer);
    this.call.signal?.removeEventListener('abort', this.onAbort);
  }

  private leave(reason: string): void {
    this.left = new EngineAmbiguousError(this.call, reason, null);
    this.reject(this.left);
    for (const listener of this.listeners.splice(0)) listener();
  }

  private readonly onAbort = (): void => {
    this.leave('aborted');
  };
}

function queryOf({ query }: EngineRequest): string {
  if (query === undefined) return '';
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value));
  }
  return `?${parameters.toString()}`;
}

function bodyOf({ json, multipart }: EngineRequest): DispatchedRequest['body'] {
  if (multipart !== undefined) return { kind: 'form', parts: multipart.map(toPart) };
  return json === undefined ? { kind: 'none' } : { kind: 'json', value: copyJson(json) };
}

function toPart({ name, filename, content }: EnginePart): DispatchedPart {
  return { fieldName: name, fileName: filename ?? null, content: Buffer.from(content) };
}

function readResponse({ status, body }: DispatchedResponse): EngineResponse {
  switch (body.kind) {
    case 'none':
      return { status, contentType: null, body: '' };
    case 'json':
      return { status, contentType: 'application/json', body: copyJson(body.value) };
    case 'bytes':
      return {
        status,
        contentType: body.contentType,
        body: readResponseBody(body.contentType, body.content.toString('utf8')),
      };
    default:
      return body satisfies never;
  }
}
