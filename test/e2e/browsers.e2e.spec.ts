import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parcelProcess } from '../fixtures/parcel/parcel.process.js';
import { Pipeline } from '../support/pipelining.js';
import { eventually, RunningService } from '../support/service.js';

const APP = 'https://app.example.com';
const EVIL = 'https://evil.example';

const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** The headers of a response that are in the expectation, and HSTS, which a service without TLS must not send. */
function securityOf(headers: Headers): Record<string, string | null> {
  const names = [...Object.keys(SECURITY_HEADERS), 'strict-transport-security'];
  return Object.fromEntries(
    names.map((name) => [name, headers.get(name)] as const).filter(([, value]) => value !== null),
  );
}

describe('a service that allows one website', () => {
  let service: RunningService;
  let release: () => void;

  beforeAll(async () => {
    const { process, witness } = parcelProcess();
    release = () => {
      witness.release();
    };
    service = await RunningService.start({ CORS_ORIGINS: APP, PUBLIC_BASE_URL: 'https://api.example.com' }, [
      process,
    ]);
  });

  afterAll(async () => {
    release();
    await service.destroy();
  });

  const send = (path: string, method: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${service.baseUrl}${path}`, { method, headers });

  const hold = (id: string, headers: Record<string, string> = {}) =>
    service.post(
      '/api/process/start',
      { processKey: 'parcel', correlationId: id, variables: { mode: 'hold' } },
      { prefer: 'respond-async', ...headers },
    );

  it('sends the security headers with outcomes, problems, probes, event streams and unknown paths', async () => {
    await hold('secure');
    const answers = [
      await service.get('/api/process/status/secure'),
      await service.get('/api/process/status/nobody'),
      await service.get('/health/live'),
      await service.get('/nothing'),
      await service.get('/api/process/status/all', { accept: 'text/html' }),
      // No hook runs for this path.
      await service.get('/api/process/status/%zz'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([202, 404, 200, 404, 406, 400]);
    const abort = new AbortController();
    const stream = await fetch(`${service.baseUrl}/api/process/events/secure`, {
      headers: { accept: 'text/event-stream' },
      signal: abort.signal,
    });
    for (const { headers } of [...answers, stream]) expect(securityOf(headers)).toEqual(SECURITY_HEADERS);
    abort.abort();
  });

  it.each([
    ['is not HTTP', 'HELLO\r\n\r\n'],
    ['has too large headers', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['expects wonders', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\nContent-Length: 0\r\n\r\n'],
  ])('sends them for a request that %s', async (_what, request) => {
    const pipeline = await Pipeline.open(service.baseUrl);
    const closed = once(pipeline.socket, 'close');
    pipeline.send(request);
    await closed;
    expect(pipeline.answers()[0]?.headers).toMatchObject({
      ...SECURITY_HEADERS,
      'content-type': 'application/problem+json',
    });
  });

  it('answers the preflight of the website on every path, for a long time and without cookies', async () => {
    for (const path of ['/api/process/start', '/api/process/status/x', '/health', '/nothing']) {
      const answer = await send(path, 'OPTIONS', {
        origin: APP,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,prefer',
      });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, APP]);
      expect(answer.headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST');
      expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,content-type,prefer');
      expect(answer.headers.get('access-control-max-age')).toBe('7200');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
      expect(answer.headers.get('vary')).toMatch(/\bOrigin\b/);
    }
  });

  it('lets its scripts read responses, problems and their headers; caches distinguish origins', async () => {
    const accepted = await hold('read', { origin: APP });
    const known = await service.get('/api/process/status/read', { origin: APP });
    const unknown = await service.get('/api/process/status/nobody', { origin: APP });
    const refused = await service.get('/api/process/status/all', { origin: APP, accept: 'text/html' });
    expect([accepted, known, unknown, refused].map(({ status }) => status)).toEqual([202, 202, 404, 406]);
    for (const { headers } of [accepted, known, unknown, refused]) {
      expect(headers.get('access-control-allow-origin')).toBe(APP);
      expect(headers.get('access-control-expose-headers')).toBe(
        'ETag, Idempotent-Replayed, Location, Preference-Applied, Process-Status, Process-Waiting, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id',
      );
      expect(headers.get('vary')).toMatch(/\bOrigin\b/);
    }
    expect(known.headers.get('vary')).toMatch(/\bPrefer\b/);
  });

  it('allows nothing to another website', async () => {
    const preflight = await send('/api/process/start', 'OPTIONS', {
      origin: EVIL,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    });
    const read = await service.get('/api/process/status/all', { origin: EVIL });
    const anonymous = await service.get('/api/process/status/all', { origin: 'null' });
    for (const { headers } of [preflight, read, anonymous]) {
      expect(headers.get('access-control-allow-origin')).toBeNull();
      expect(headers.get('vary')).toMatch(/\bOrigin\b/);
    }
  });

  it('answers OPTIONS without a preflight like a service without CORS', async () => {
    const known = await send('/api/process/start', 'OPTIONS', { origin: APP });
    const unknown = await send('/nothing', 'OPTIONS');
    expect([known.status, known.headers.get('allow'), unknown.status]).toEqual([405, 'POST', 404]);
    expect(((await unknown.json()) as { type: string }).type).toBe(
      'urn:fastify-camunda:problem:unknown-path',
    );
  });

  it('refuses a cancel without a JSON body from another website, and the process continues', async () => {
    await hold('kept');
    const refused = await send('/api/process/cancel/kept', 'POST', { origin: EVIL });
    expect([refused.status, await refused.json()]).toEqual([
      403,
      expect.objectContaining({ type: 'urn:fastify-camunda:problem:foreign-origin', status: 403 }),
    ]);
    const form = await send('/api/process/cancel/kept', 'POST', {
      origin: 'null',
      'content-type': 'text/plain',
    });
    expect(form.status).toBe(403);
    // The router decodes the path before it looks for the route.
    for (const path of ['/%61pi/process/cancel/kept', '/%61%70%69/process/%63ancel/kept'])
      expect((await send(path, 'POST', { origin: EVIL })).status).toBe(403);
    expect((await service.status('kept')).status).toBe(202);
  });

  it.each([
    ['the allowed website', { origin: APP }],
    ['its own public address', { origin: 'https://api.example.com' }],
    ['a client that is no browser', {}],
  ])('accepts a cancel without a body from %s', async (who, headers: Record<string, string>) => {
    const id = `cancel-${who.length}`;
    await hold(id);
    expect((await send(`/api/process/cancel/${id}`, 'POST', headers)).status).toBe(200);
  });
});

describe('a service without settings', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start();
  });

  afterAll(() => service.destroy());

  it('has no CORS: a preflight is 405, and no response names an origin', async () => {
    const preflight = await fetch(`${service.baseUrl}/api/process/start`, {
      method: 'OPTIONS',
      headers: { origin: APP, 'access-control-request-method': 'POST' },
    });
    expect([preflight.status, preflight.headers.get('allow')]).toEqual([405, 'POST']);
    const { headers } = await service.get('/api/process/status/all', { origin: APP });
    expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([null, null]);
  });

  it('accepts a cancel from its own pages by Host', async () => {
    const cancel = (origin: string): Promise<Response> =>
      fetch(`${service.baseUrl}/api/process/cancel/nobody`, { method: 'POST', headers: { origin } });
    expect((await cancel(service.baseUrl)).status).toBe(404);
    expect((await cancel(EVIL)).status).toBe(403);
  });
});

describe('a service without API_DOCS', () => {
  let service: RunningService;

  beforeAll(async () => {
    // Its contract is that of a service with the document, which the run reads once.
    await (await RunningService.start()).destroy();
    service = await RunningService.start({ API_DOCS: 'off' });
  });

  afterAll(() => service.destroy());

  it('has nothing under /docs, and no problem names it', async () => {
    for (const path of [
      '/docs',
      '/docs/',
      '/docs/openapi.json',
      '/docs/swagger-ui-bundle.js',
      '/docs-json',
    ]) {
      const { status, body } = await service.get(path);
      expect([path, status, body.detail]).toEqual([path, 404, 'There is nothing at this path.']);
    }
    await eventually(
      () => service.get('/health/ready'),
      ({ status }) => status === 200,
    );
  });
});
