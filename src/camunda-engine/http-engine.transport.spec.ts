import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ShutdownService } from '../lifecycle/index.js';
import {
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineTooLateError,
  EngineUnreachableError,
} from './engine.errors.js';
import { HttpEngineTransport } from './http-engine.transport.js';

Logger.overrideLogger(false);

describe('HttpEngineTransport', () => {
  let server: Server;
  let respond: (request: IncomingMessage, body: string, response: ServerResponse) => void;
  let shutdown: ShutdownService;
  const endpoint = { baseUrl: '' };
  let transport: HttpEngineTransport;
  let sockets = 0;

  beforeEach(async () => {
    sockets = 0;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        respond(request, Buffer.concat(chunks).toString(), response);
      });
    });
    server.on('connection', () => (sockets += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/engine-rest`;
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    transport = new HttpEngineTransport(endpoint, shutdown);
  });

  afterEach(async () => {
    await shutdown.stop();
    server.closeAllConnections();
    server.close();
  });

  const json =
    (body: unknown, type = 'application/json') =>
    (_: IncomingMessage, __: string, response: ServerResponse) => {
      response.setHeader('content-type', type).end(JSON.stringify(body));
    };

  it('sends path, query and JSON, and parses a JSON answer', async () => {
    let seen: unknown;
    respond = (request, body, response) => {
      seen = [request.method, request.url, request.headers['content-type'], body];
      json({ ok: 1 }, 'application/json;charset=UTF-8')(request, body, response);
    };
    const answer = await transport.send({
      method: 'POST',
      path: '/x',
      query: { a: 'ä b', skipped: undefined, n: 1 },
      json: { v: null },
      timeoutMs: 1_000,
    });
    expect(seen).toEqual(['POST', '/engine-rest/x?a=%C3%A4+b&n=1', 'application/json', '{"v":null}']);
    expect(answer).toEqual({ status: 200, contentType: 'application/json;charset=UTF-8', body: { ok: 1 } });
  });

  it('sends no content type without a body', async () => {
    let seen: unknown;
    respond = (request, body, response) => {
      seen = [request.headers['content-type'], body];
      response.writeHead(204).end();
    };
    const answer = await transport.send({ method: 'POST', path: '/x', timeoutMs: 1_000 });
    expect([seen, answer]).toEqual([[undefined, ''], { status: 204, contentType: null, body: '' }]);
  });

  it('sends nothing after the time that the caller allows', async () => {
    let seen = 0;
    respond = (request, body, response) => {
      seen += 1;
      json({})(request, body, response);
    };
    const send = (notAfter: number) =>
      transport.send({ method: 'POST', path: '/x', timeoutMs: 1_000, notAfter });
    await send(Infinity);
    await expect(send(performance.now() - 1)).rejects.toBeInstanceOf(EngineTooLateError);
    expect(seen).toBe(1);
  });

  it('keeps its connections', async () => {
    respond = json({});
    for (let call = 0; call < 10; call += 1)
      await transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 });
    expect(sockets).toBeLessThanOrEqual(2);
  });

  it('sends multipart parts with their file names', async () => {
    let seen = '';
    respond = (request, body, response) => {
      seen = body;
      json({})(request, body, response);
    };
    await transport.send({
      method: 'POST',
      path: '/deployment/create',
      timeoutMs: 1_000,
      multipart: [
        { name: 'deployment-name', content: 'd' },
        { name: 'p.bpmn', filename: 'p.bpmn', content: '<x/>' },
      ],
    });
    expect(seen).toMatch(/name="deployment-name"\r\n\r\nd\r\n/);
    expect(seen).toMatch(/name="p.bpmn"; filename="p.bpmn"[^]*<x\/>/);
  });

  it('reads an answer that a proxy has compressed', async () => {
    respond = (_, __, response) =>
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        .end(gzipSync('{"a":1}'));
    expect((await transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 })).body).toEqual({ a: 1 });
    respond = (_, __, response) =>
      response.setHeader('content-type', 'application/json').end(Buffer.from('"ë"', 'latin1'));
    await expect(transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 })).rejects.toThrow(
      EngineMisconfiguredError,
    );
  });

  it('keeps every digit of a Long', async () => {
    respond = (_, __, response) =>
      response.setHeader('content-type', 'application/json').end('{"value":9007199254740993}');
    const { body } = await transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 });
    expect(body).toEqual({ value: 9_007_199_254_740_993n });
  });

  it('keeps a body that is not JSON, despite its content type, as text', async () => {
    respond = (_, __, response) => response.setHeader('content-type', 'application/json').end('<html>');
    expect((await transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 })).body).toBe('<html>');
  });

  it('sends no user and password of the base URL by itself', async () => {
    let seen: unknown = null;
    respond = (request, body, response) => {
      seen = request.headers.authorization;
      json({})(request, body, response);
    };
    endpoint.baseUrl = endpoint.baseUrl.replace('http://', 'http://demo:p%40ss@');
    await transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 });
    expect(seen).toBeUndefined();
  });

  it.each([
    ['https://login.example/secret?state=x', 'a redirect to login.example, which is not followed'],
    ['/elsewhere', 'a redirect, which is not followed'],
  ])('follows no redirect to %s', async (location, reason) => {
    const paths: (string | undefined)[] = [];
    respond = (request, _, response) => {
      paths.push(request.url);
      response.writeHead(307, { location }).end();
    };
    const failed = transport.send({ method: 'POST', path: '/x', json: {}, timeoutMs: 1_000 });
    const message = await failed.catch((error: unknown) => (error as Error).message);
    expect(message).toContain(`answered 307, ${reason}: set CAMUNDA_BASE_URL`);
    expect(message).not.toMatch(/secret/);
    await expect(failed).rejects.toMatchObject({ name: 'EngineMisconfiguredError', status: 307 });
    expect(paths).toEqual(['/engine-rest/x']);
  });

  it('knows that an engine with an unreadable answer has received the call', async () => {
    respond = (_, __, response) =>
      response.setHeader('content-type', 'application/json').end(Buffer.from('"ë"', 'latin1'));
    await expect(
      transport.send({ method: 'POST', path: '/x', json: {}, timeoutMs: 1_000 }),
    ).rejects.toMatchObject({ name: 'EngineMisconfiguredError', status: 200 });
  });

  it('reports that nothing was sent if the connection is refused', async () => {
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    endpoint.baseUrl = `http://localhost:${port}`;
    await expect(transport.send({ method: 'GET', path: '/x', timeoutMs: 1_000 })).rejects.toThrow(
      EngineUnreachableError,
    );
  });

  it('reports an unknown result after a reset, and repeats nothing', async () => {
    let requests = 0;
    respond = (request) => {
      requests += 1;
      request.socket.destroy();
    };
    const failed = transport.send({ method: 'POST', path: '/x', json: {}, timeoutMs: 1_000 });
    await expect(failed).rejects.toMatchObject({ name: 'EngineAmbiguousError', status: null, path: '/x' });
    expect(requests).toBe(1);
  });

  it('aborts a request at its timeout and with its caller', async () => {
    respond = () => undefined;
    const late = transport.send({ method: 'GET', path: '/x', timeoutMs: 20 });
    await expect(late).rejects.toThrow(/no answer within 20 ms/);
    const caller = new AbortController();
    const aborted = transport.send({ method: 'GET', path: '/x', timeoutMs: 5_000, signal: caller.signal });
    caller.abort();
    await expect(aborted).rejects.toThrow(EngineAmbiguousError);
    await expect(
      transport.send({ method: 'GET', path: '/x', timeoutMs: 5_000, signal: caller.signal }),
    ).rejects.toThrow(/aborted/);
  });

  it('reports an invalid base URL, and TLS to plain HTTP, as wrong configuration', async () => {
    const { port } = server.address() as AddressInfo;
    for (const baseUrl of ['nonsense', `https://127.0.0.1:${port}`]) {
      endpoint.baseUrl = baseUrl;
      await expect(transport.send({ method: 'GET', path: '/x', timeoutMs: 2_000 })).rejects.toThrow(
        EngineMisconfiguredError,
      );
    }
  });

  it('stops reading an endless answer, and does not return a part of it', async () => {
    respond = (_request, _body, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = Buffer.alloc(1_024 * 1_024, ' ');
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    };
    const answer = transport.send({ method: 'GET', path: '/version', timeoutMs: 15_000 });
    await expect(answer).rejects.toThrow(/larger than/);
  });
});
