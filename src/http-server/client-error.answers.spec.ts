import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientErrorAnswers } from './client-error.answers.js';

interface Line {
  readonly requestId: string;
  readonly res: { readonly status: number };
}

describe('ClientErrorAnswers', () => {
  let server: Server;
  let lines: Line[];

  beforeEach(async () => {
    lines = [];
    const answers = new ClientErrorAnswers({ 'x-content-type-options': 'nosniff' });
    answers.logTo({ info: (line) => lines.push(line as Line), warn: () => undefined });
    server = createServer((_request, response) => response.end());
    server.on('clientError', answers.answerParserError);
    answers.answerExpectations(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function send(raw: string): Promise<string> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(raw));
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'close');
    return text;
  }

  it.each([
    ['headers that are too large', `GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['what is not HTTP', 'HELLO\r\n\r\n', 400],
    [
      'an expectation that is not known',
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 0\r\n\r\n',
      417,
    ],
  ])(
    'answers %s with a problem, and logs it under the id that the client is given',
    async (_what, raw, status) => {
      const text = await send(raw);
      const [head = '', body = ''] = text.split('\r\n\r\n');
      expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(head).toMatch(/^content-type: application\/problem\+json$/im);
      expect(head).toMatch(/^cache-control: no-store$/im);
      expect(head).toMatch(/^x-content-type-options: nosniff$/im);
      const id = /^x-request-id: (\S+)$/im.exec(head)?.[1];
      expect(JSON.parse(/\{.*\}/.exec(body)?.[0] ?? '')).toMatchObject({ status, instance: '/' });
      expect(lines).toEqual([expect.objectContaining({ requestId: id, res: { status } })]);
    },
  );

  it('keeps the id that the client has sent', async () => {
    const text = await send(
      'POST /a?b=c HTTP/1.1\r\nHost: a\r\nX-Request-Id: mine-1\r\nExpect: wonders\r\nContent-Length: 0\r\n\r\n',
    );
    expect(text).toMatch(/^x-request-id: mine-1$/im);
    expect(lines).toEqual([
      expect.objectContaining({ requestId: 'mine-1', req: { method: 'POST', path: '/a' } }),
    ]);
  });

  it('sends nothing after a failed handshake, which has a line in the log', () => {
    const answers = new ClientErrorAnswers({});
    answers.logTo({ info: (line) => lines.push(line as Line), warn: () => undefined });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    const error = Object.assign(new Error('http request'), { code: 'ERR_SSL_HTTP_REQUEST' });
    answers.answerParserError(error, socket);
    expect(socket.destroyed).toBe(true);
    expect(lines).toEqual([expect.objectContaining({ code: 'ERR_SSL_HTTP_REQUEST' })]);
  });

  it('sends nothing to a closed connection', () => {
    const answers = new ClientErrorAnswers({ 'x-content-type-options': 'nosniff' });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    answers.answerParserError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), socket);
    expect(socket.destroyed).toBe(true);
  });
});
