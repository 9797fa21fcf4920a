import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import {
  PROBLEM_MEDIA_TYPE,
  type ProblemCode,
  ProblemError,
  PROBLEMS,
  toProblemDocument,
} from '../common/errors/index.js';
import { requestIdOf } from '../common/identifiers/index.js';
import type { RequestLogger } from '../common/request-log/index.js';
import type { ConstantHeaders } from './security-headers.js';

const CLIENT_ERRORS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['headers-too-large', 'The path and headers together are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['request-timeout', 'The request did not arrive in time.'],
};

/** Codes of failed handshakes, for example of a client that speaks HTTP without TLS. */
const TLS_ERROR = /^(ERR_SSL_|ERR_TLS_|EPROTO$)/;

const EXPECTATION =
  'The only supported value of Expect is 100-continue. Send the request without it; nothing was kept.';

/** Answers requests that never reach the framework with problem documents; their request ids are in the log. */
export class ClientErrorAnswers {
  private logger: RequestLogger | undefined;

  /** @param securityHeaders set on every answer */
  constructor(private readonly securityHeaders: ConstantHeaders) {}

  /** Sets the logger, which is created after the server; call it before the server listens. */
  logTo(logger: RequestLogger): void {
    this.logger = logger;
  }

  /** Answers data that Node's HTTP parser refuses. */
  readonly answerParserError = (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (TLS_ERROR.test(error.code ?? '')) {
      // The client could not read an answer.
      this.logger?.info(
        { code: error.code, remoteAddress: socket.remoteAddress ?? null },
        'TLS handshake failed',
      );
      socket.destroy();
      return;
    }
    const [code, detail] = CLIENT_ERRORS[error.code ?? ''] ?? [
      'invalid-request',
      'This is not a well-formed HTTP request.',
    ];
    const requestId = randomUUID();
    const { status } = PROBLEMS[code];
    const body = JSON.stringify(toProblemDocument(new ProblemError(code, detail), '/'));
    this.log(requestId, status, { code: error.code });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nX-Request-Id: ${requestId}\r\n` +
        `${linesOf(this.securityHeaders)}Connection: close\r\n\r\n${body}`,
    );
  };

  /** Answers an unsupported `Expect` header, for which Node would send 417 without a body. */
  answerExpectations(server: Server): void {
    server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
      const requestId = requestIdOf(request);
      const path = request.url?.split('?', 1)[0] ?? '/';
      const { status } = PROBLEMS['expectation-failed'];
      const problem = toProblemDocument(new ProblemError('expectation-failed', EXPECTATION), path);
      this.log(requestId, status, { req: { method: request.method, path } });
      response
        .writeHead(status, {
          ...this.securityHeaders,
          'content-type': PROBLEM_MEDIA_TYPE,
          'cache-control': 'no-store',
          'x-request-id': requestId,
          // The request's body is not read.
          connection: 'close',
        })
        .end(JSON.stringify(problem));
    });
  }

  private log(requestId: string, status: number, facts: object): void {
    this.logger?.info(Object.assign({ requestId, res: { status } }, facts), 'request refused');
  }
}

function linesOf(headers: ConstantHeaders): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}
