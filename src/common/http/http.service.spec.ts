import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Agent } from 'undici';
import { createConfiguration } from '../../config/index.js';
import type { HttpCall, HttpOptions } from './http.calls.js';
import { HttpCallError } from './http-call.error.js';
import { HttpService } from './http.service.js';

type Reply = (response: ServerResponse, request: IncomingMessage) => void;

const status =
  (code: number, body: unknown = { code }, headers: Record<string, string | string[]> = {}): Reply =>
  (response) => {
    response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
const reset: Reply = (_, request) => {
  request.socket.destroy();
};
const silence: Reply = () => undefined;

describe('HttpService', () => {
  let server: Server;
  let base: string;
  let replies: Reply[];
  let seen: {
    method?: string | undefined;
    url?: string | undefined;
    headers: IncomingMessage['headers'];
    body: string;
  }[];
  let http: HttpService;

  beforeEach(async () => {
    replies = [];
    seen = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({
          method: request.method,
          url: request.url,
          headers: request.headers,
          body: Buffer.concat(chunks).toString(),
        });
        (replies.shift() ?? status(200))(response, request);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    http = new HttpService(createConfiguration({ HTTP_TIMEOUT_MS: '2000' }).partners);
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await http.beforeApplicationShutdown();
  });

  async function failureOf(answer: Promise<unknown>): Promise<HttpCallError> {
    return answer.then(
      () => {
        throw new Error('did not fail');
      },
      (error: unknown) => error as HttpCallError,
    );
  }

  it.each([
    ['/elsewhere', 'a redirect'],
    ['//other.example/secret', 'a redirect to another host'],
    ['https://127.0.0.1/secret', 'a redirect to another host'],
    ['http://[', 'a redirect to another host'],
  ])('follows no redirect to %s', async (location, what) => {
    replies.push(status(308, {}, { location }));
    const { message } = await failureOf(
      http.post(`${base}/x`, { secret: 1 }, { name: '/x', headers: { authorization: 'Bearer secret' } }),
    );
    expect(message).toBe(`POST /x: answered 308 with ${what}, which is not followed`);
    expect(seen).toHaveLength(1);
  });

  it('sends and reads JSON', async () => {
    replies.push(
      status(201, { id: 1 }, { 'x-a': 'b', 'content-type': 'application/problem+json; charset=utf-8' }),
    );
    const answer = await http.post(
      `${base}/x?y=1`,
      { a: 'ä' },
      { headers: { 'x-own': '1' }, idempotencyKey: 'key-1' },
    );
    expect(answer).toMatchObject({ status: 201, body: { id: 1 }, headers: { 'x-a': 'b' } });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/x?y=1',
        body: '{"a":"ä"}',
        headers: { 'content-type': 'application/json', 'x-own': '1', 'idempotency-key': 'key-1' },
      },
    ]);
  });

  it('reads empty bodies as null and others as text', async () => {
    replies.push((response) => response.writeHead(204).end());
    replies.push((response) => response.setHeader('content-type', 'text/plain').end('hello'));
    replies.push((response) => response.setHeader('content-type', 'application/json').end('{broken'));
    const bodies = [
      await http.delete(`${base}/x`),
      await http.get(`${base}/x`),
      await http.put(`${base}/x`, {}),
    ];
    expect(bodies.map(({ body }) => body)).toEqual([null, 'hello', '{broken']);
  });

  it.each([502, 503, 504, 429])('repeats an idempotent call once after %i', async (code) => {
    replies.push(status(code));
    expect((await http.get(`${base}/x`)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  it('repeats an idempotent call once after a broken connection, and no more', async () => {
    replies.push(reset);
    expect((await http.get(`${base}/x`)).status).toBe(200);
    replies.push(reset, reset, status(200));
    const error = await failureOf(http.get(`${base}/x`));
    expect([error.name, error.status, error.cause instanceof Error, seen.length]).toEqual([
      'HttpCallError',
      null,
      true,
      4,
    ]);
  });

  it('repeats a POST only with an idempotency key', async () => {
    replies.push(status(503));
    expect((await failureOf(http.post(`${base}/x`, {}))).status).toBe(503);
    expect(seen).toHaveLength(1);
    replies.push(status(503));
    await http.post(`${base}/x`, {}, { idempotencyKey: 'k' });
    expect(seen.slice(1).map(({ headers }) => headers['idempotency-key'])).toEqual(['k', 'k']);
  });

  it('waits as long as Retry-After says, up to a limit', async () => {
    replies.push(status(429, {}, { 'retry-after': '0' }), status(200));
    await http.get(`${base}/x`);
    replies.push(status(503, {}, { 'retry-after': new Date(Date.now() - 1_000).toUTCString() }), status(200));
    await http.get(`${base}/x`);
    replies.push(status(503, {}, { 'retry-after': 'nonsense' }), status(200));
    await http.get(`${base}/x`);
    expect(seen).toHaveLength(6);
    replies.push(status(429, {}, { 'retry-after': '60' }));
    expect((await failureOf(http.get(`${base}/x`))).status).toBe(429);
    expect(seen).toHaveLength(7);
  });

  it('has status and body of a failure, without secrets of the URL', async () => {
    replies.push(status(400, { reason: 'bad' }));
    const error = await failureOf(
      http.get(`${base.replace('://', '://user:pass@')}/x?token=secret&token=2#f`),
    );
    expect(error).toBeInstanceOf(HttpCallError);
    expect(error).toMatchObject({
      method: 'GET',
      url: `${base}/x?token=***`,
      status: 400,
      body: { reason: 'bad' },
    });
    expect(error.message).toBe(`GET ${new URL(base).host}: answered 400`);
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
  });

  it('names step and host in its errors, and a path only if the call is named', async () => {
    const calls: HttpCall[] = [];
    const caller = { step: 'notify', record: (call: HttpCall) => calls.push(call) };
    const url = `${base}/bot1:AAToken/sendMessage`;
    const { host } = new URL(base);
    replies.push(status(400), reset, status(400), status(400));
    const errors = [
      await failureOf(http.callsOf(caller).post(url, {})),
      await failureOf(http.callsOf(caller).post(url, {})),
      await failureOf(http.callsOf(caller).get(`${base}/a/my-key/b`, { redact: ['my-key'], name: '/b' })),
      await failureOf(http.get(`${base}/a/b`, { redact: 'path' })),
    ];
    expect(errors.map(({ message }) => message)).toEqual([
      `notify: POST ${host}: answered 400`,
      expect.stringMatching(/^notify: POST [^/]+: the connection failed \(\w+\)$/),
      'notify: GET /b: answered 400',
      `GET ${host}: answered 400`,
    ]);
    expect(calls.map(({ endpoint }) => endpoint)).toEqual([
      `${base}/***/sendMessage`,
      `${base}/***/sendMessage`,
      `${base}/a/***/b`,
    ]);
    expect(errors[3]?.url).toBe(`${base}/***`);
    expect(inspect(errors, { depth: 10, showHidden: true })).not.toMatch(/AAToken|my-key/);
    expect(seen[0]?.url).toBe('/bot1:AAToken/sendMessage');
  });

  it('masks matches of HTTP_REDACTED_PATHS', async () => {
    const { partners } = createConfiguration({ HTTP_REDACTED_PATHS: 'key-\\d+ s3cr3t' });
    const other = new HttpService(partners);
    replies.push(status(400));
    const error = await failureOf(other.get(`${base}/key-12/a/s3cr3t?x=1`));
    await other.close();
    expect(error.url).toBe(`${base}/***/a/***?x=***`);
  });

  it('does not quote an invalid URL', async () => {
    const error = await failureOf(http.get('http://user:secret@host:99999/x'));
    expect(inspect(error, { showHidden: true })).not.toContain('secret');
  });

  it('has the Retry-After of an answer', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    replies.push(
      status(429, {}, { 'retry-after': '30' }),
      status(503, {}, { 'retry-after': date }),
      status(503),
    );
    expect((await failureOf(http.post(`${base}/x`, {}))).retryAfterMs).toBe(30_000);
    const until = (await failureOf(http.post(`${base}/x`, {}))).retryAfterMs ?? 0;
    expect(until).toBeGreaterThan(0);
    expect(until).toBeLessThanOrEqual(60_000);
    expect((await failureOf(http.post(`${base}/x`, {}))).retryAfterMs).toBeNull();
  });

  it.each([
    ['sent twice: the longest', ['30', '60'], 60_000],
    ['sent twice and joined by a proxy', '30, 60', 60_000],
    ['of which one is valid', ['nonsense', '30'], 30_000],
    ['as a date, sent twice', ['Thu, 01 Jan 1970 00:00:00 GMT', '30'], 30_000],
    ['without an end: none', 'Infinity', null],
    ['beyond every number: none', '1e400', null],
    ['sent twice, one without an end', ['Infinity', '30'], 30_000],
  ])('reads Retry-After %s', async (_, header, expected) => {
    replies.push(status(429, {}, { 'retry-after': header }));
    expect((await failureOf(http.post(`${base}/x`, {}))).retryAfterMs).toBe(expected);
  });

  it.each<[string, Reply]>([
    [
      'ends before its Content-Length',
      (response) => {
        response.writeHead(503, { 'retry-after': '30', 'content-length': '100' });
        response.write('{"a":', () => response.socket?.end());
      },
    ],
    [
      'is reset',
      (response) => {
        response.writeHead(503, { 'retry-after': '30' });
        response.write('{"a":', () => response.socket?.resetAndDestroy());
      },
    ],
    [
      'is no chunk',
      (response) => {
        response.socket?.end(
          'HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        );
      },
    ],
    [
      'has more encodings than one reads',
      (response) => {
        response.writeHead(503, { 'retry-after': '30', 'content-encoding': 'compress' }).end('x');
      },
    ],
    [
      'never ends',
      (response) => {
        response.writeHead(503, { 'retry-after': '30' });
        response.write('{"a":');
      },
    ],
  ])('keeps status and Retry-After of a failure whose body %s', async (_, reply) => {
    const calls: HttpCall[] = [];
    replies.push(reply);
    const caller = { record: (call: HttpCall) => calls.push(call) };
    const error = await failureOf(http.callsOf(caller).get(`${base}/x`));
    expect(error).toMatchObject({ status: 503, retryAfterMs: 30_000, body: null });
    expect(error.message).toMatch(/answered 503$/);
    expect(error.cause).toBeInstanceOf(Error);
    expect(calls).toMatchObject([{ status: 503, ok: false }]);
  });

  describe('reads a body by its headers', () => {
    const JSON_TYPE = 'application/json';
    const text = JSON.stringify({ name: 'Zoë €', id: 1 });
    const value = { name: 'Zoë €', id: 1 };
    const sent =
      (body: Buffer, headers: Record<string, string>): Reply =>
      (response) => {
        response.writeHead(200, { 'content-type': JSON_TYPE, ...headers }).end(body);
      };

    it.each([
      ['a byte order mark', Buffer.from(`\ufeff${text}`), {}],
      ['gzip', gzipSync(text), { 'content-encoding': 'gzip' }],
      ['x-gzip', gzipSync(text), { 'content-encoding': 'X-GZIP' }],
      ['deflate', deflateSync(text), { 'content-encoding': 'deflate' }],
      ['deflate without its header', deflateRawSync(text), { 'content-encoding': 'deflate' }],
      ['br', brotliCompressSync(text), { 'content-encoding': 'br' }],
      ['two encodings', brotliCompressSync(gzipSync(text)), { 'content-encoding': 'gzip, br' }],
      ['identity', Buffer.from(text), { 'content-encoding': 'identity' }],
      ['UTF-16', Buffer.from(text, 'utf16le'), { 'content-type': `${JSON_TYPE}; charset=UTF-16LE` }],
      [
        'UTF-16 in the order that its mark names',
        Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
        { 'content-type': `${JSON_TYPE}; charset=utf-16` },
      ],
      [
        'Windows-1252',
        Buffer.from(text.replace('€', '\u0080'), 'latin1'),
        { 'content-type': `${JSON_TYPE}; charset="windows-1252"` },
      ],
    ])('%s', async (_, body, headers) => {
      replies.push(sent(body, headers));
      expect((await http.get(`${base}/x`)).body).toEqual(value);
    });

    it('a large integer as a bigint, and sends it unchanged', async () => {
      replies.push(sent(Buffer.from('{"id":9007199254740993}'), {}));
      const { body } = await http.get(`${base}/x`);
      expect(body).toEqual({ id: 9_007_199_254_740_993n });
      await http.post(`${base}/x`, body);
      expect(seen[1]?.body).toBe('{"id":9007199254740993}');
    });

    it('binary data as a Buffer', async () => {
      const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00]);
      replies.push(sent(bytes, { 'content-type': 'image/jpeg' }));
      expect((await http.get(`${base}/x`)).body).toEqual(bytes);
    });

    it('an answer without a body as null', async () => {
      replies.push(sent(Buffer.alloc(0), { 'content-encoding': 'gzip' }));
      expect((await http.request('HEAD', `${base}/x`)).body).toBeNull();
      replies.push((response) => response.writeHead(204, { 'content-encoding': 'br' }).end());
      expect((await http.get(`${base}/x`)).body).toBeNull();
    });

    it.each([
      ['JSON in another charset', Buffer.from('"Zoë"', 'latin1'), {}, /not utf-8, as its Content-Type says/],
      [
        'no gzip',
        Buffer.from(text),
        { 'content-encoding': 'gzip' },
        /not gzip, as its Content-Encoding says/,
      ],
      ['half a gzip', gzipSync(text).subarray(0, 20), { 'content-encoding': 'gzip' }, /not gzip/],
      [
        'an unknown encoding',
        Buffer.from(text),
        { 'content-encoding': 'compress' },
        /unknown Content-Encoding/,
      ],
      [
        'an unknown charset',
        Buffer.from(text),
        { 'content-type': `${JSON_TYPE}; charset=x-none` },
        /unknown charset/,
      ],
      [
        'too many encodings',
        Buffer.from(text),
        { 'content-encoding': 'gzip, gzip, gzip, gzip' },
        /encoded too many times/,
      ],
      [
        'what is far larger than it came',
        gzipSync(Buffer.alloc(11 * 1_024 * 1_024)),
        { 'content-encoding': 'gzip' },
        /larger than/,
      ],
    ])('refuses %s', async (_, body, headers, message) => {
      replies.push(sent(body, headers));
      const error = await failureOf(http.post(`${base}/x`, {}));
      expect([error.status, error.message]).toEqual([200, expect.stringMatching(message)]);
    });

    it('keeps the status of a failure whose body cannot be read', async () => {
      replies.push((response) => response.writeHead(400, { 'content-encoding': 'compress' }).end('x'));
      expect(await failureOf(http.get(`${base}/x`))).toMatchObject({ status: 400, body: null });
    });
  });

  it('refuses to send a value that JSON cannot hold', async () => {
    await expect(http.post(`${base}/x`, { a: [new Map()] })).rejects.toThrow(/"a\.0" it is a Map/);
    expect(seen).toHaveLength(0);
  });

  it('truncates the body of a failure', async () => {
    replies.push((response) => response.writeHead(500).end('x'.repeat(200_000)));
    expect((await failureOf(http.get(`${base}/x`))).body).toHaveLength(65_536);
  });

  it('refuses an answer that is too large', async () => {
    replies.push((response) => response.end(Buffer.alloc(11 * 1_024 * 1_024)));
    expect((await failureOf(http.get(`${base}/x`))).message).toMatch(/larger than/);
  });

  it('fails after its timeout, without a retry', async () => {
    replies.push(silence);
    expect((await failureOf(http.get(`${base}/x`, { timeoutMs: 20 }))).message).toMatch(/timeout/);
    expect(seen.length).toBeLessThanOrEqual(1);
  });

  it('aborts with its caller and with the running task', async () => {
    for (const task of [true, false]) {
      const abort = new AbortController();
      replies.push(() => {
        abort.abort();
      });
      const options: HttpOptions = task ? {} : { signal: abort.signal };
      const calls = task ? http.callsOf({ abortSignal: abort.signal, record: () => undefined }) : http;
      expect((await failureOf(calls.get(`${base}/x`, options))).message).toMatch(/aborted/);
    }
  });

  it('aborts even while undici connects', async () => {
    const agent = (http as unknown as { agent: Agent }).agent;
    jest.spyOn(agent, 'request').mockReturnValue(new Promise(() => undefined));
    const abort = new AbortController();
    const failed = failureOf(http.get(`${base}/x`, { signal: abort.signal }));
    abort.abort();
    expect((await failed).message).toMatch(/aborted/);
    expect((await failureOf(http.get(`${base}/x`, { timeoutMs: 5 }))).message).toMatch(/timeout/);
  });

  it('aborts calls when it is closed', async () => {
    let isAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    replies.push(() => {
      isAsked();
    });
    const failed = failureOf(http.post(`${base}/x`, {}));
    await asked;
    await http.close();
    expect((await failed).message).toMatch(/connection failed/);
  });

  it('does not retry for a task that was aborted meanwhile', async () => {
    const abort = new AbortController();
    replies.push(status(503, {}, { 'retry-after': '5' }));
    const failed = failureOf(
      http
        .callsOf({
          abortSignal: abort.signal,
          record: () => {
            abort.abort();
          },
        })
        .get(`${base}/x`, { signal: new AbortController().signal }),
    );
    expect((await failed).status).toBe(503);
    expect(seen).toHaveLength(1);
  });

  it('stops the wait for a retry when the task aborts', async () => {
    const abort = new AbortController();
    replies.push(status(503, {}, { 'retry-after': '5' }));
    const failed = failureOf(
      http
        .callsOf({
          abortSignal: abort.signal,
          record: () => {
            setTimeout(() => {
              abort.abort();
            }, 20);
          },
        })
        .get(`${base}/x`),
    );
    expect([(await failed).status, seen.length]).toEqual([503, 1]);
  });

  it('reports every attempt to the running task and sends its headers', async () => {
    const calls: HttpCall[] = [];
    const record = (call: HttpCall) => {
      calls.push(call);
    };
    replies.push(reset);
    await http.callsOf({ record, headers: { 'x-correlation-id': 'c-1' } }).get(`${base}/x?id=5`);
    await http.get(`${base}/y`);
    expect(calls).toMatchObject([
      { method: 'GET', endpoint: `${base}/x?id=***`, status: null, ok: false },
      { method: 'GET', endpoint: `${base}/x?id=***`, status: 200, ok: true },
    ]);
    expect(calls[0]?.durationMs).toBeGreaterThanOrEqual(0);
    expect(seen.map(({ headers }) => headers['x-correlation-id'])).toEqual(['c-1', 'c-1', undefined]);
  });

  it('closes its connections, once', async () => {
    await http.get(`${base}/x`);
    await http.close();
    await http.close();
    expect((await failureOf(http.get(`${base}/x`))).message).toMatch(/connection failed/);
  });
});
