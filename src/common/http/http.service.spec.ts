import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Agent } from 'undici';
import { createConfiguration } from '../../config/index.js';
import type { HttpCall, HttpOptions } from './http.calls.js';
import { HttpCallError } from './http-call.error.js';
import { HttpService } from './http.service.js';

type Reply = (response: ServerResponse, request: IncomingMessage) => void;

const status =
  (code: number, body: unknown = { code }, headers: Record<string, string> = {}): Reply =>
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

  it('waits as long as Retry-After says, not beyond its limit', async () => {
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

  it('keeps status and body of a failure, and hides secrets of the URL', async () => {
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
    expect(error.message).toBe('GET /x: answered 400');
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from('user:pass').toString('base64')}`);
  });

  it('cuts the body of a failure', async () => {
    replies.push((response) => response.writeHead(500).end('x'.repeat(200_000)));
    expect((await failureOf(http.get(`${base}/x`))).body).toHaveLength(65_536);
  });

  it('refuses an answer that is too large', async () => {
    replies.push((response) => response.end(Buffer.alloc(11 * 1_024 * 1_024)));
    expect((await failureOf(http.get(`${base}/x`))).message).toMatch(/larger than/);
  });

  it('gives up at its time-out, without another try', async () => {
    replies.push(silence);
    expect((await failureOf(http.get(`${base}/x`, { timeoutMs: 20 }))).message).toMatch(/time-out/);
    expect(seen.length).toBeLessThanOrEqual(1);
  });

  it('gives up with its caller and with the running task', async () => {
    for (const task of [true, false]) {
      const abort = new AbortController();
      replies.push(() => {
        abort.abort();
      });
      const options: HttpOptions = task ? {} : { signal: abort.signal };
      const calls = task ? http.callsOf({ abortSignal: abort.signal, record: () => undefined }) : http;
      expect((await failureOf(calls.get(`${base}/x`, options))).message).toMatch(/given up/);
    }
  });

  it('gives up also while undici connects, which says nothing of it', async () => {
    const agent = (http as unknown as { agent: Agent }).agent;
    jest.spyOn(agent, 'request').mockReturnValue(new Promise(() => undefined));
    const abort = new AbortController();
    const failed = failureOf(http.get(`${base}/x`, { signal: abort.signal }));
    abort.abort();
    expect((await failed).message).toMatch(/given up/);
    expect((await failureOf(http.get(`${base}/x`, { timeoutMs: 5 }))).message).toMatch(/time-out/);
  });

  it('waits for no answer when it is closed', async () => {
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

  it('does not repeat for a task that was given up meanwhile', async () => {
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

  it('ends the wait for a repetition with the task', async () => {
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

  it('tells every try to the running task and carries its headers', async () => {
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
