import multipart from '@fastify/multipart';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { MAX_BPMN_BYTES } from '../../model/index.js';
import { parseBody } from '../http/body.parser.js';
import { BASE_PATH } from '../http/engine.router.js';
import type { EngineRequest, EngineResponse, FormPart, RequestBody } from '../http/http.types.js';
import { describeError, RestError } from '../http/rest.error.js';
import { type GuardRefusal, RequestGuard } from './request.guard.js';
import { createRouter, type EngineServices } from './rest.routes.js';

/** Largest JSON body in bytes; in Camunda the servlet container has this limit. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** Largest file of a deployment in bytes; the compiler refuses a `.bpmn` above {@link MAX_BPMN_BYTES} with a message. */
const MAX_FILE_BYTES = 4 * MAX_BPMN_BYTES;
const MAX_PARTS = 200;
/** Largest form in bytes; all its parts are in memory together. */
const MAX_FORM_BYTES = 4 * MAX_FILE_BYTES;
/** How long a request may take to arrive, in ms; the time of the response does not count. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How long `close()` waits for responses before it closes their sockets, in ms. */
const CLOSE_LIMIT_MS = 2_000;

/** Handles requests of any transport; never rejects. */
export interface EngineDispatcher {
  dispatch(request: EngineRequest): Promise<EngineResponse>;
}

export interface EngineServerOptions {
  readonly engine: EngineServices | EngineDispatcher;
  /** 0: any free port. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Each request needs it, and requests of foreign pages are refused; null or absent: every request is accepted. */
  readonly token?: string | null;
  /** Called with unexpected errors; default: a process warning. */
  readonly onUnexpectedError?: (error: unknown) => void;
}

export interface EngineServer {
  /** With the base path: `http://127.0.0.1:8080/engine-rest`. */
  readonly baseUrl: string;
  /** Answers waiting polls, lets running commands end, and leaves no socket open. */
  close(): Promise<void>;
}

/**
 * Serves the REST API of an engine; the caller closes the engine.
 *
 * @throws the error of `listen`, e.g. EADDRINUSE
 */
export async function startEngineServer(options: EngineServerOptions): Promise<EngineServer> {
  const { engine, onUnexpectedError = warn, host = '127.0.0.1', token = null } = options;
  const server = new HttpEngineServer(
    'dispatch' in engine ? engine : createRouter(engine, onUnexpectedError),
    token === null ? null : new RequestGuard(token, host),
  );
  return {
    baseUrl: await server.listen(options.port, host),
    close: () => server.close(),
  };
}

function warn(error: unknown): void {
  process.emitWarning(
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    'EmbeddedEngineWarning',
  );
}

/** Fastify in front of the router: it handles sockets, bodies and disconnects; Camunda's API is in the router. */
class HttpEngineServer {
  private readonly app: FastifyInstance;
  /** One function for each unanswered request, called when its client disconnects or this server closes. */
  private readonly departures = new Set<() => void>();
  private closing = false;

  constructor(
    private readonly router: EngineDispatcher,
    guard: RequestGuard | null,
  ) {
    this.app = fastify({
      bodyLimit: MAX_JSON_BYTES,
      forceCloseConnections: 'idle',
      requestTimeout: REQUEST_TIMEOUT_MS,
      routerOptions: { maxParamLength: 5_000 },
    });
    if (guard !== null) {
      // Before the body is read.
      this.app.addHook('onRequest', async (request, reply) => {
        const refused = guard.refusalOf(request.headers);
        if (refused === null) return;
        if (refused.status === 401) reply.header('www-authenticate', 'Bearer realm="embedded engine"');
        // The rest of the body is not read.
        reply.header('connection', 'close');
        await this.send(reply, forbidden(refused));
      });
    }
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, content, done) => {
      done(null, content);
    });
    this.app.register(multipart, {
      limits: { fileSize: MAX_FILE_BYTES, files: MAX_PARTS, fields: MAX_PARTS, parts: MAX_PARTS },
    });
    // Requests that Fastify itself refuses (too large, a form that does not parse).
    this.app.setErrorHandler((error, _request, reply) => this.send(reply, refusal(error)));
    this.app.after(() => {
      this.app.all('/*', (request, reply) => this.handle(request, reply));
    });
  }

  async listen(port: number, host: string): Promise<string> {
    return `${await this.app.listen({ port, host })}${BASE_PATH}`;
  }

  async close(): Promise<void> {
    this.closing = true;
    for (const depart of [...this.departures]) depart();
    const limit = setTimeout(() => {
      this.app.server.closeAllConnections();
    }, CLOSE_LIMIT_MS);
    try {
      await this.app.close();
    } finally {
      clearTimeout(limit);
    }
  }

  private async handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const listeners: (() => void)[] = [];
    const depart = (): void => {
      for (const listener of listeners.splice(0)) listener();
    };
    this.departures.add(depart);
    // "close" is also emitted after a complete response; the list of listeners is then empty.
    reply.raw.once('close', () => {
      this.departures.delete(depart);
      depart();
    });
    const response = await this.router.dispatch({
      method: request.method,
      url: request.url,
      body: await readBody(request),
      origin: `${request.protocol}://${request.host}`,
      onDisconnect: (listener) => {
        listeners.push(listener);
        if (this.closing || reply.raw.destroyed) depart();
      },
    });
    // After the response, a closed socket is not a disconnect.
    listeners.length = 0;
    return this.send(reply, response);
  }

  private send(reply: FastifyReply, response: EngineResponse): FastifyReply {
    // Otherwise a socket that becomes idle after close() began stays open until its keep-alive ends.
    if (this.closing) reply.header('connection', 'close');
    reply.status(response.status).headers(response.headers);
    switch (response.body.kind) {
      case 'none':
        return reply.send();
      case 'json':
        // A Buffer, because Fastify adds a charset to strings, and the JavaScript client does not read such a body.
        return reply.header('content-type', 'application/json').send(encodeJson(response.body.value));
      case 'bytes':
        return reply.header('content-type', response.body.contentType).send(response.body.content);
      default:
        return response.body satisfies never;
    }
  }
}

/** @throws RestError 500 if the response exceeds the maximum length of a string */
function encodeJson(value: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RestError(
      500,
      'RestException',
      'The response is too large. The request was executed; ask for less, e.g. by maxResults.',
      null,
      { cause: error },
    );
  }
}

async function readBody(request: FastifyRequest): Promise<RequestBody> {
  if (!request.isMultipart()) {
    return parseBody(
      request.headers['content-type'],
      Buffer.isBuffer(request.body) ? request.body : undefined,
    );
  }
  const parts: FormPart[] = [];
  let bytes = 0;
  for await (const part of request.parts()) {
    const { fieldname: fieldName, mimetype: contentType } = part;
    if (part.type === 'file') {
      const content = await part.toBuffer();
      bytes += content.length;
      if (bytes > MAX_FORM_BYTES) {
        throw new RestError(
          413,
          'InvalidRequestException',
          `The form has more than ${MAX_FORM_BYTES} bytes. Nothing of it was kept; send it in several.`,
        );
      }
      parts.push({ fieldName, contentType, fileName: part.filename, content });
    } else {
      // Fastify parses a part of type application/json.
      const text = typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
      parts.push({ fieldName, contentType, fileName: null, content: Buffer.from(text) });
    }
  }
  return { kind: 'form', parts };
}

function forbidden({ status, message }: GuardRefusal): EngineResponse {
  const type = status === 401 ? 'AuthenticationException' : 'AuthorizationException';
  return { status, headers: {}, body: { kind: 'json', value: { type, message, code: null } } };
}

function refusal(error: unknown): EngineResponse {
  const described = error instanceof RestError ? describeError(error) : null;
  if (described !== null) return described;
  const status =
    typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 400;
  const message = error instanceof Error ? error.message : 'The request cannot be read';
  return {
    status: status >= 400 && status < 500 ? status : 400,
    headers: {},
    body: { kind: 'json', value: { type: 'InvalidRequestException', message, code: null } },
  };
}
