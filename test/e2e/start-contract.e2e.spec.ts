import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { eventually, RunningService } from '../support/service.js';
import { targetVariables } from '../support/target.js';

const START = '/api/process/start';

function deep(levels: number): string {
  return `${'['.repeat(levels)}${']'.repeat(levels)}`;
}

describe('the contract of start', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start();
  });

  afterAll(async () => {
    await service.destroy();
  });

  async function rowCount(): Promise<unknown> {
    return (await service.rows('SELECT CAST(COUNT(*) AS INTEGER) AS n FROM process_store'))[0]?.n;
  }

  async function sendBytes(
    body: Buffer,
    headers: Record<string, string>,
  ): Promise<{ readonly status: number; readonly type: string; readonly detail: string }> {
    const response = await fetch(`${service.baseUrl}${START}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: new Uint8Array(body),
    });
    const { type, detail } = (await response.json()) as { type: string; detail: string };
    return { status: response.status, type, detail };
  }

  const BODIES: readonly (readonly [string, string, string])[] = [
    ['nothing', '', 'malformed-json'],
    ['half an object', '{"processKey":', 'malformed-json'],
    ['text', '"onboard-user"', 'invalid-request'],
    ['null', 'null', 'invalid-request'],
    ['an array', '[]', 'invalid-request'],
    ['no processKey', '{}', 'invalid-request'],
    ['an empty processKey', '{"processKey":""}', 'invalid-request'],
    ['a processKey that is a number', '{"processKey":7}', 'invalid-request'],
    ['a processKey that is a path', '{"processKey":"a/../b"}', 'invalid-request'],
    ['an unknown member', '{"processKey":"onboard-user","priority":1}', 'invalid-request'],
    ['an empty correlationId', '{"processKey":"onboard-user","correlationId":""}', 'invalid-request'],
    [
      'a correlationId with a space',
      '{"processKey":"onboard-user","correlationId":"a b"}',
      'invalid-request',
    ],
    [
      'a correlationId that begins with a dot',
      '{"processKey":"onboard-user","correlationId":".a"}',
      'invalid-request',
    ],
    [
      'a correlationId of 256 characters',
      `{"processKey":"onboard-user","correlationId":"${'a'.repeat(256)}"}`,
      'invalid-request',
    ],
    ['the reserved correlationId', '{"processKey":"onboard-user","correlationId":"all"}', 'invalid-request'],
    ['a correlationId that is null', '{"processKey":"onboard-user","correlationId":null}', 'invalid-request'],
    ['variables that are a list', '{"processKey":"onboard-user","variables":[]}', 'invalid-request'],
    ['variables that are null', '{"processKey":"onboard-user","variables":null}', 'invalid-request'],
    [
      'a variable of ours',
      '{"processKey":"onboard-user","variables":{"userId":"u","batch_id":"x"}}',
      'invalid-variables',
    ],
    [
      'an integer too large',
      '{"processKey":"onboard-user","variables":{"userId":"u","n":9007199254740993}}',
      'invalid-variables',
    ],
    [
      'a poisoned prototype',
      '{"processKey":"onboard-user","variables":{"userId":"u","__proto__":{"a":1}}}',
      'invalid-request',
    ],
    [
      'a poisoned constructor',
      '{"processKey":"onboard-user","variables":{"userId":"u","constructor":{"prototype":1}}}',
      'invalid-request',
    ],
    [
      'no userId, which the process demands',
      '{"processKey":"onboard-user","variables":{}}',
      'invalid-variables',
    ],
    [
      'a userId of 256 characters',
      `{"processKey":"onboard-user","variables":{"userId":"${'u'.repeat(256)}"}}`,
      'invalid-variables',
    ],
    [
      'deep nesting',
      `{"processKey":"onboard-user","variables":{"userId":"u","d":${deep(9_000)}}}`,
      'invalid-variables',
    ],
    [
      'endless nesting',
      `{"processKey":"onboard-user","variables":{"userId":"u","d":${deep(200_000)}}}`,
      'too-many-members',
    ],
  ];

  it.each(BODIES)('refuses %s with a problem, and stores nothing', async (_name, body, code) => {
    const before = await rowCount();
    const response = await supertest(service.baseUrl)
      .post(START)
      .set('content-type', 'application/json')
      .send(body);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.body).toMatchObject({
      type: `urn:fastify-camunda:problem:${code}`,
      status: 400,
      title: expect.any(String),
      detail: expect.any(String),
      instance: START,
    });
    expect([response.status, response.headers['cache-control']]).toEqual([400, 'no-store']);
    expect(await rowCount()).toBe(before);
  });

  it('names every refused member', async () => {
    const { body } = await service.post(START, { processKey: 7, correlationId: 'a b', extra: 1 });
    expect((body.errors as { pointer: string }[]).map(({ pointer }) => pointer).sort()).toEqual([
      '/correlationId',
      '/extra',
      '/processKey',
    ]);
  });

  it('answers 404 for a key that the engine does not know, and stores nothing', async () => {
    const refused = await service.post(START, { processKey: 'nope', correlationId: 'mistyped' });
    expect(refused.status).toBe(404);
    expect(refused.body.type).toBe('urn:fastify-camunda:problem:unknown-process-definition');
    expect(refused.body.detail).toMatch(/"nope".* This service has: onboard-user\.$/);
    expect((await service.status('mistyped')).status).toBe(404);
    expect(await service.trail('mistyped')).toEqual([]);
    const again = await service.start('mistyped', { userId: 'now-right' });
    expect(again.status).toBe(200);
  });

  it('returns the refusal to all callers with the same unknown key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        service.post(START, { processKey: 'nope', correlationId: 'mistyped-often' }),
      ),
    );
    for (const answer of answers) {
      // If a request had joined before the refusal, the claim is kept and becomes START_REJECTED.
      expect([404, 500]).toContain(answer.status);
      if (answer.status === 500) expect(answer.body.errorCode).toBe('START_REJECTED');
    }
    const rejections = answers.filter(({ status }) => status === 500).map(({ text }) => text);
    expect(new Set(rejections).size).toBeLessThanOrEqual(1);
  });

  it('returns the stored outcome to a repeated start, also an error', async () => {
    for (const id of ['again-ok', 'blocked-again']) {
      const first = await service.start(id);
      const second = await service.start(id);
      expect(second.status).toBe(first.status);
      expect(second.text).toBe(first.text);
      expect(first.headers.get('idempotent-replayed')).toBeNull();
      expect(second.headers.get('idempotent-replayed')).toBe('true');
      expect((await service.trail(id)).filter(({ step_name }) => step_name === 'start')).toHaveLength(1);
    }
  });

  it('treats another order of variables and another spelling of numbers as equal', async () => {
    await service.post(
      START,
      '{"processKey":"onboard-user","correlationId":"order","variables":{"userId":"u","a":1,"b":{"x":1,"y":2}}}',
    );
    const again = await service.post(
      START,
      '{"variables":{"b":{"y":2.0,"x":1e0},"a":1.0,"userId":"u"},"correlationId":"order","processKey":"onboard-user"}',
    );
    expect([again.status, again.headers.get('idempotent-replayed')]).toEqual([200, 'true']);
  });

  it('returns 409 if the id belongs to other variables or another key, and changes nothing', async () => {
    const first = await service.start('taken');
    for (const body of [
      { processKey: 'onboard-user', correlationId: 'taken', variables: { userId: 'other' } },
      { processKey: 'something-else', correlationId: 'taken', variables: { userId: 'taken' } },
    ]) {
      const refused = await service.post(START, body);
      expect(refused.status).toBe(409);
      expect(refused.body).toMatchObject({
        type: 'urn:fastify-camunda:problem:correlation-id-conflict',
        correlationId: 'taken',
        processStatus: 'ok',
        statusUrl: '/api/process/status/taken',
      });
    }
    expect((await service.status('taken')).text).toBe(first.text);
  });

  it('creates one process for 100 concurrent equal starts, and returns the same outcome to all', async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => service.start('same')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null)).toHaveLength(1);
    expect((await service.trail('same')).filter(({ step_name }) => step_name === 'start')).toHaveLength(1);
  });

  it('compares ids byte by byte', async () => {
    const [lower, upper] = await Promise.all([
      service.start('case', { userId: 'a' }),
      service.start('CASE', { userId: 'b' }),
    ]);
    expect([
      (lower.body.data as { userId: string }).userId,
      (upper.body.data as { userId: string }).userId,
    ]).toEqual(['a', 'b']);
  });

  it('accepts an id of 255 characters with every allowed character on every route', async () => {
    const id = `A0._:@~-${'z'.repeat(247)}`;
    expect((await service.start(id, { userId: 'u' })).status).toBe(200);
    expect((await service.get(`/api/process/status/${encodeURIComponent(id)}`)).body.correlationId).toBe(id);
    expect((await service.get(`/api/process/status/${id}`)).status).toBe(200);
  });

  it('distinguishes a body that is not JSON from one with a forbidden name, with the position', async () => {
    const broken = await service.post(START, '{"processKey":"onboard-user",,}');
    const forbidden = await service.post(
      START,
      '{"processKey":"onboard-user","variables":{"a/b":[{"__proto__":1}]}}',
    );
    expect([broken.body.detail, forbidden.body.detail, forbidden.body.errors]).toEqual([
      'The body is not well-formed JSON, at position 29. Nothing was kept.',
      'The body has a member whose name is not allowed, __proto__ or constructor; see errors. Nothing was kept.',
      [{ pointer: '/variables/a~1b/0/__proto__', detail: 'this name is not allowed' }],
    ]);
  });

  it('answers 413 for a body that is too large', async () => {
    const refused = await service.post(START, {
      processKey: 'onboard-user',
      variables: { userId: 'u', text: 'x'.repeat(1_100_000) },
    });
    expect([refused.status, refused.body.type]).toEqual([413, 'urn:fastify-camunda:problem:body-too-large']);
    expect(refused.body.detail).toBe(
      'The body is larger than the 1048576 bytes that HTTP_BODY_LIMIT_BYTES allows. Nothing was kept.',
    );
  });

  it.each([
    ['of a length', 'Content-Length: 20000000', 'x'.repeat(20_000_000)],
    [
      'in chunks',
      'Transfer-Encoding: chunked',
      `1000\r\n${'x'.repeat(4_096)}\r\n`.repeat(5_000) + '0\r\n\r\n',
    ],
  ])('lets a client send all of a body %s before it reads the 413', async (_, framing, body) => {
    const socket = connect(Number(new URL(service.baseUrl).port), '127.0.0.1');
    const faults: Error[] = [];
    let received = '';
    socket.on('error', (error) => faults.push(error)).on('data', (chunk) => (received += String(chunk)));
    socket.write(`POST ${START} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${framing}\r\n\r\n`);
    socket.write(body);
    await new Promise((resolve) => socket.once('close', resolve));
    expect([faults, received.slice(0, 12)]).toEqual([[], 'HTTP/1.1 413']);
    expect(received).toContain('urn:fastify-camunda:problem:body-too-large');
  });

  it('keeps an idle connection longer than a load balancer', async () => {
    const { headers } = await service.get('/health/live');
    expect(Number(/timeout=(\d+)/.exec(headers.get('keep-alive') ?? '')?.[1])).toBeGreaterThan(60);
  });

  it('answers 415 for a body that is not JSON', async () => {
    const refused = await service.post(START, 'processKey=onboard-user', { 'content-type': 'text/plain' });
    expect([refused.status, refused.body.type]).toEqual([
      415,
      'urn:fastify-camunda:problem:unsupported-media-type',
    ]);
  });

  it('returns 415 for an encoded body, with the reason', async () => {
    const body = gzipSync('{"processKey":"onboard-user","variables":{"userId":"u"}}');
    const refused = await sendBytes(body, { 'content-encoding': 'gzip' });
    expect([refused.status, refused.type]).toEqual([
      415,
      'urn:fastify-camunda:problem:unsupported-media-type',
    ]);
    expect(refused.detail).toContain('Content-Encoding');
    const plain = await sendBytes(Buffer.from('{}'), { 'content-encoding': 'identity' });
    expect(plain.type).toBe('urn:fastify-camunda:problem:invalid-request');
  });

  it('refuses a body that is not UTF-8 instead of storing another text', async () => {
    const rows = await rowCount();
    const body = Buffer.from('{"processKey":"onboard-user","variables":{"userId":"J\xfcrgen"}}', 'latin1');
    const refused = await sendBytes(body, { 'content-type': 'application/json; charset=iso-8859-1' });
    expect([refused.status, refused.type]).toEqual([400, 'urn:fastify-camunda:problem:malformed-json']);
    expect(refused.detail).toContain('UTF-8');
    expect(await rowCount()).toBe(rows);
  });

  it('accepts a body with a byte order mark', async () => {
    const body =
      '\ufeff{"processKey":"onboard-user","correlationId":"marked","variables":{"userId":"Jürgen"}}';
    expect((await service.post(START, body)).body).toMatchObject({ data: { userId: 'Jürgen' } });
  });

  it('continues the process when its client disconnects', async () => {
    const request = httpRequest(`${service.baseUrl}${START}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    request.on('error', () => undefined);
    request.end(
      JSON.stringify({
        processKey: 'onboard-user',
        correlationId: 'slow-gone',
        variables: { userId: 'slow-gone' },
      }),
    );
    await eventually(
      () => service.status('slow-gone'),
      ({ status }) => status === 202,
    );
    request.destroy();
    expect((await service.finished('slow-gone')).status).toBe(200);
  });

  it('keeps a valid X-Request-Id and creates one otherwise', async () => {
    const taken = await service.get('/api/process/status/none', { 'x-request-id': 'abc.DEF-1_2' });
    expect(taken.headers.get('x-request-id')).toBe('abc.DEF-1_2');
    const made = await service.get('/api/process/status/none', { 'x-request-id': 'a b' });
    expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('responses of the framework', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start();
  });

  afterAll(async () => {
    await service.destroy();
  });

  it.each([
    ['GET', '/nowhere', 404, 'unknown-path'],
    ['GET', '/api/process', 404, 'unknown-path'],
    ['GET', `/api/process/status/${'a'.repeat(256)}`, 400, 'invalid-request'],
    ['GET', '/api/process/status/a%20b', 400, 'invalid-request'],
    ['GET', '/api/process/status/%zz', 400, 'invalid-request'],
    ['GET', `/api/process/status/${'a'.repeat(1_025)}`, 414, 'uri-too-long'],
    ['GET', '/api/process/start', 405, 'method-not-allowed'],
    ['DELETE', '/api/process/status/abc', 405, 'method-not-allowed'],
    ['PUT', '/api/process/complete', 405, 'method-not-allowed'],
  ])('%s %s is a problem with status %i and code %s', async (method, path, status, code) => {
    const response = await fetch(`${service.baseUrl}${path}`, { method });
    expect([response.status, response.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json',
    ]);
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await response.json()).toMatchObject({ type: `urn:fastify-camunda:problem:${code}`, status });
  });

  it('lists the methods of a path in Allow', async () => {
    const response = await fetch(`${service.baseUrl}/api/process/status/abc`, { method: 'DELETE' });
    expect(response.headers.get('allow')).toBe('GET, HEAD');
    expect((await fetch(`${service.baseUrl}/api/process/start`)).headers.get('allow')).toBe('POST');
  });

  it('returns 406 to a client that accepts neither JSON nor problems', async () => {
    const response = await fetch(`${service.baseUrl}/api/process/status/abc`, {
      headers: { accept: 'text/html' },
    });
    expect(response.status).toBe(406);
    expect((await service.get('/api/process/status/abc', { accept: 'application/*' })).status).toBe(404);
    expect((await service.get('/api/process/status/abc', { accept: '' })).status).toBe(404);
  });

  it.each([
    ['a header that is too large', `GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['what is not HTTP', 'HELLO\r\n\r\n', 400],
    [
      'an expectation that is not known',
      'POST /api/process/start HTTP/1.1\r\nHost: a\r\nExpect: x\r\nContent-Length: 0\r\n\r\n',
      417,
    ],
  ])('answers %s with a problem', async (_name, raw, status) => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(service.baseUrl).port), '127.0.0.1', () => socket.write(raw));
      let seen = '';
      socket.on('data', (chunk) => (seen += chunk.toString()));
      socket.on('close', () => {
        resolve(seen);
      });
      socket.on('error', reject);
    });
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(text).toMatch(/^Content-Type: application\/problem\+json\r$/im);
    expect(text).toMatch(/^X-Request-Id: \S+$/im);
  });

  it('describes the API as OpenAPI 3.1, made from the schemas', async () => {
    const { body } = await service.get('/docs/openapi.json');
    expect(body.openapi).toBe('3.1.0');
    expect(Object.keys(body.paths as object)).toEqual(
      expect.arrayContaining([
        '/api/process/start',
        '/api/process/status/all',
        '/api/process/status/{correlationId}',
        '/api/process/complete',
      ]),
    );
    const page = readFileSync('docs/reference/api-endpoints.md', 'utf8');
    const described = Array.from(page.matchAll(/^## ([A-Z]+) (\S+)$/gm), ([, method, path]) => [
      method,
      path,
    ]);
    const served = Object.entries(body.paths as Record<string, object>).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => [method.toUpperCase(), path]),
    );
    expect(described.sort()).toEqual(served.filter(([, path]) => path?.startsWith('/api/')).sort());
    const schemas = (body.components as { schemas: Record<string, unknown> }).schemas;
    expect(schemas).toMatchObject({
      ProcessView: expect.anything(),
      Problem: expect.anything(),
      StartRequest: expect.anything(),
    });
    expect(schemas).toMatchObject({
      ProcessView: {
        required: [
          'correlationId',
          'processKey',
          'status',
          'data',
          'error',
          'errorCode',
          'startedAt',
          'updatedAt',
          'statusUrl',
        ],
        properties: { processKey: { type: ['string', 'null'] } },
      },
    });
    const referred = JSON.stringify(body).match(/#\/components\/schemas\/\w+/g) ?? [];
    expect(Object.keys(schemas)).toEqual(expect.arrayContaining(referred.map((ref) => ref.slice(21))));
    expect((await service.get('/docs')).text).toMatch(/swagger/i);
  });
});

describe('health', () => {
  it('is alive and ready, and shows the state of the parts', async () => {
    const { CAMUNDA_BASE_URL: baseUrl, EMBEDDED_TRANSPORT: transport = 'inproc' } = targetVariables();
    const engine =
      baseUrl === undefined
        ? { kind: 'embedded', transport }
        : { kind: 'external', transport: 'http', baseUrl };
    const service = await RunningService.start();
    try {
      expect((await service.get('/health/live')).status).toBe(200);
      await eventually(
        () => service.get('/health/ready'),
        ({ status }) => status === 200,
      );
      const { body } = await service.get('/health');
      expect(body.details).toMatchObject({
        service: { status: 'up' },
        database: { status: 'up', schemaVersion: expect.any(Number) },
        engine: { status: 'up', ...engine, condition: 'ok', deployment: { status: 'deployed' } },
        workers: { status: 'up' },
      });
    } finally {
      await service.destroy();
    }
  });
});
