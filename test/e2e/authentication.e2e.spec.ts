import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApiKey, digestOf } from '../../src/auth/api-keys/api-key.js';
import { until } from '../../src/common/testing/until.js';
import { AUDIENCE, OpenIdProvider } from '../support/openid.provider.js';
import { type Answer, RunningService } from '../support/service.js';

const bearer = (credentials: string) => ({ authorization: `Bearer ${credentials}` });

describe('AUTH_MODE=api-key', () => {
  const keys = { starter: createApiKey(), all: createApiKey(), expired: createApiKey() };
  let folder: string;
  let service: RunningService;

  const fileOf = (starter: string): string => {
    const entry = (name: string, key: string, scopes: string[], more: object = {}) => ({
      name,
      sha256: digestOf(key).toString('hex'),
      scopes,
      ...more,
    });
    const everything = ['start', 'read', 'complete', 'cancel'].map((action) => `process:${action}`);
    return JSON.stringify({
      keys: [
        entry('starter', starter, ['process:start']),
        entry('all', keys.all, [...everything, 'ops:read']),
        entry('expired', keys.expired, everything, { expiresAt: '2020-01-01T00:00:00Z' }),
      ],
    });
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auth-'));
    const file = join(folder, 'keys.json');
    writeFileSync(file, fileOf(keys.starter), { mode: 0o600 });
    service = await RunningService.start({ AUTH_MODE: 'api-key', API_KEYS_FILE: file });
  });

  afterAll(async () => {
    await service.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  const ROUTES: [string, string, object | null][] = [
    ['POST', '/api/process/start', { processKey: 'onboard-user', variables: { userId: 'x' } }],
    ['GET', '/api/process/status/all', null],
    ['GET', '/api/process/status/x', null],
    ['GET', '/api/process/events/x', null],
    ['GET', '/api/process/definitions', null],
    ['POST', '/api/process/complete', { correlationId: 'x', status: 'ok' }],
    ['POST', '/api/process/cancel/x', {}],
    ['GET', '/api/process/tasks', null],
    ['GET', '/api/process/tasks/x', null],
    ['POST', '/api/process/tasks/x/claim', { userId: 'u' }],
    ['POST', '/api/process/tasks/x/unclaim', {}],
    ['POST', '/api/process/tasks/x/complete', {}],
    ['POST', '/api/process/tasks/x/bpmn-error', { errorCode: 'e' }],
  ];

  const call = (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer> => (method === 'GET' ? service.get(path, headers) : service.post(path, body, headers));

  it.each(ROUTES)(
    'refuses %s %s without credentials, with a bad key, and with an expired one',
    async (method, path, body) => {
      const without = await call(method, path, body, {});
      expect([without.status, without.headers.get('www-authenticate')]).toEqual([
        401,
        'Bearer realm="fastify-camunda"',
      ]);
      expect(without.body).toMatchObject({ type: 'urn:fastify-camunda:problem:unauthenticated' });
      for (const headers of [
        bearer(createApiKey()),
        bearer(keys.expired),
        { 'x-api-key': 'x' },
        { authorization: 'Basic eA==' },
      ]) {
        const answer = await call(method, path, body, headers);
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
          401,
          expect.stringContaining('error="invalid_token"'),
        ]);
      }
    },
  );

  it.each(ROUTES.slice(1))('refuses %s %s for a key without the scope', async (method, path, body) => {
    const answer = await call(method, path, body, bearer(keys.starter));
    expect(answer.status).toBe(403);
    expect(answer.body.detail).toMatch(
      /^The caller starter does not have the scope process:\w+\. Nothing was done\.$/,
    );
    expect(answer.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  it('serves a key with the scope, in both headers, and writes its name to the trail', async () => {
    const body = {
      processKey: 'onboard-user',
      correlationId: 'slow-by-key',
      variables: { userId: 'slow-by-key' },
    };
    const headers = { 'x-api-key': keys.starter, prefer: 'respond-async' };
    expect((await service.post('/api/process/start', body, headers)).status).toBe(202);
    expect((await service.get('/api/process/status/slow-by-key', bearer(keys.all))).status).toBe(202);
    const cancelled = await service.post('/api/process/cancel/slow-by-key', {}, bearer(keys.all));
    expect(cancelled.status).toBe(200);
    const rows = await service.wholeTrail('slow-by-key', 1);
    expect(JSON.stringify(rows)).toContain(String.raw`\"principal\":\"all\"`);
  });

  it('has public probes and documents, and details of the health for credentials that are valid', async () => {
    for (const path of ['/health/live', '/health/ready', '/health', '/docs', '/docs/openapi.json'])
      expect((await service.get(path)).status).toBe(200);
    expect((await service.get('/health', bearer(keys.all))).status).toBe(200);
    expect((await service.get('/health', bearer('x'))).status).toBe(401);
  });

  it('says in the OpenAPI document what each route needs', async () => {
    const { paths, components } = JSON.parse((await service.get('/docs/openapi.json')).text) as {
      paths: Record<string, Record<string, { security: unknown }>>;
      components: { securitySchemes: object };
    };
    expect(Object.keys(components.securitySchemes)).toEqual(['apiKey', 'bearer']);
    expect(paths['/api/process/start']?.post?.security).toEqual([
      { apiKey: ['process:start'] },
      { bearer: ['process:start'] },
    ]);
    expect(paths['/health']?.get?.security).toEqual([{}, { apiKey: ['ops:read'] }, { bearer: ['ops:read'] }]);
    expect(paths['/health/live']?.get?.security).toEqual([]);
  });

  it('answers unknown paths and methods as before', async () => {
    expect((await service.get('/api/nothing')).status).toBe(404);
    expect((await service.get('/api/process/start')).status).toBe(405);
  });

  it('accepts a new key without a restart, and refuses the withdrawn one', async () => {
    const next = createApiKey();
    writeFileSync(join(folder, 'keys.json'), fileOf(next));
    const body = { processKey: '', variables: {} };
    // 400: the caller is known, the body is not valid.
    await until(async () => (await service.post('/api/process/start', body, bearer(next))).status === 400);
    expect((await service.post('/api/process/start', body, bearer(keys.starter))).status).toBe(401);
  });
});

describe('limits of callers', () => {
  let service: RunningService;

  beforeAll(async () => {
    service = await RunningService.start({
      RATE_LIMIT_MAX: '3',
      RATE_LIMIT_WINDOW_MS: '86400000',
      TRUST_PROXY: 'loopback',
    });
  });

  afterAll(async () => {
    await service.destroy();
  });

  it('counts the client that a trusted proxy names', async () => {
    const from = (address: string) => service.get('/api/process/tasks', { 'x-forwarded-for': address });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await from('203.0.113.1')).status);
    expect(statuses).toEqual([200, 200, 200, 429]);
    const other = await from('198.51.100.7, 203.0.113.2');
    expect([other.status, other.headers.get('ratelimit-policy')]).toEqual([200, '"default";q=3;w=86400']);
    expect((await service.get('/health/live')).status).toBe(200);
  });
});

describe('AUTH_MODE=api-key,jwt with an OpenID provider', () => {
  /** `JWT_JWKS_COOLDOWN_MS`. */
  const COOLDOWN_MS = 100;
  const key = createApiKey();
  let folder: string;
  let provider: OpenIdProvider;
  let service: RunningService;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'auth-'));
    const file = join(folder, 'keys.json');
    const entry = { name: 'partner', sha256: digestOf(key).toString('hex'), scopes: ['process:read'] };
    writeFileSync(file, JSON.stringify({ keys: [entry] }), { mode: 0o600 });
    provider = await OpenIdProvider.start();
    service = await RunningService.start({
      AUTH_MODE: 'api-key,jwt',
      API_KEYS_FILE: file,
      JWT_JWKS_URL: provider.jwksUrl,
      JWT_ISSUER: provider.baseUrl,
      JWT_AUDIENCE: AUDIENCE,
      JWT_JWKS_COOLDOWN_MS: String(COOLDOWN_MS),
    });
  });

  afterAll(async () => {
    await service.destroy();
    provider.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  // A route that needs no engine, which may be slow.
  const list = (token: string): Promise<Answer> =>
    service.get('/api/process/status/all?limit=1', bearer(token));

  it('serves tokens with their scopes, and API keys', async () => {
    expect((await list(await provider.token('process:read'))).status).toBe(200);
    expect((await list(key)).status).toBe(200);
    const refused = await list(await provider.token('process:start'));
    expect([refused.status, refused.body.detail]).toEqual([
      403,
      'The caller jwt:shop does not have the scope process:read. Nothing was done.',
    ]);
    expect(refused.headers.get('www-authenticate')).toContain('scope="process:read"');
  });

  it('refuses a token for another service, and one of another provider', async () => {
    const other = await OpenIdProvider.start();
    try {
      const foreign = await list(await other.token('process:read'));
      expect(foreign.status).toBe(401);
    } finally {
      other.stop();
    }
    const [header, payload = '', signature] = (await provider.token('process:read')).split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const changed = Buffer.from(JSON.stringify({ ...claims, scope: 'ops:write' })).toString('base64url');
    const forged = await list([header, changed, signature].join('.'));
    expect(forged.body.detail).toContain('signature of the token is not valid');
  });

  it('refuses no valid token while the provider rotates its keys under load', async () => {
    const before = await provider.token('process:read');
    const statuses = new Map<number, number>();
    let stopped = false;
    let current = before;
    const clients = Array.from({ length: 8 }, async (_, n) => {
      while (!stopped) {
        const { status } = await list(n % 2 === 0 ? before : current);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    });
    for (let rotations = 0; rotations < 3; rotations += 1) {
      const served = statuses.get(200) ?? 0;
      await until(() => (statuses.get(200) ?? 0) > served + 20 || statuses.size > 1);
      // Two requests for the keys are this far apart.
      await until(() => performance.now() - provider.keysRequestedAt > 2 * COOLDOWN_MS);
      await provider.rotate();
      current = await provider.token('process:read');
    }
    const served = statuses.get(200) ?? 0;
    await until(() => (statuses.get(200) ?? 0) > served + 20 || statuses.size > 1);
    stopped = true;
    await Promise.all(clients);
    expect([...statuses.keys()]).toEqual([200]);
  });
});
