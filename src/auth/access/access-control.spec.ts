import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { ProblemError } from '../../common/errors/index.js';
import { controlAccess, UndeclaredRouteError } from './access-control.js';
import { type Principal, principalIfKnown, principalOf } from './principal.js';
import { PUBLIC, type RouteAccess } from './route-access.js';
import { Grants } from './scopes.js';

const reader: Principal = {
  name: 'reader',
  kind: 'api-key',
  grants: Grants.of(['process:read:parcel']).grants,
};

const bad = new ProblemError('unauthenticated', 'The token is not valid.', {
  headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
});

/** What the authenticator does for each value of the header `x-test`. */
const ANSWERS: Readonly<Record<string, () => Principal | null | Promise<Principal | null>>> = {
  '': () => null,
  reader: () => reader,
  'reader-later': () => Promise.resolve(reader),
  bad: () => {
    throw bad;
  },
  'bad-later': () => Promise.reject(bad),
  broken: () => {
    throw new Error('a fault of the authenticator');
  },
  'broken-later': () => Promise.reject(new Error('a fault of the authenticator')),
};

describe('controlAccess', () => {
  let server: FastifyInstance;
  let handled: number;
  let parsed: number;

  const needs = (scope: RouteAccess['scope'], required = true) => ({
    config: { access: { scope, required } },
  });

  beforeEach(async () => {
    handled = 0;
    parsed = 0;
    server = fastify();
    controlAccess(
      server,
      { authenticate: (request) => ANSWERS[String(request.headers['x-test'] ?? '')]?.() ?? null },
      { '/docs': PUBLIC },
    );
    server.addHook('preParsing', (_request, _reply, payload, done) => {
      parsed += 1;
      done(null, payload);
    });
    const handle = (request: Parameters<typeof principalOf>[0]): object => {
      handled += 1;
      return { principal: principalIfKnown(request)?.name ?? null };
    };
    server.get('/read', needs('process:read'), handle);
    server.post('/start', needs('process:start'), handle);
    server.get('/details', needs('ops:read', false), handle);
    server.get('/live', { config: { access: PUBLIC } }, handle);
    server.get('/docs/page', handle);
    await server.ready();
  });

  afterEach(async () => {
    await server.close();
  });

  const call = (method: 'GET' | 'HEAD' | 'POST', url: string, credentials = '') =>
    server.inject({
      method,
      url,
      headers: { 'x-test': credentials },
      ...(method === 'POST' ? { body: {} } : {}),
    });

  it.each(['reader', 'reader-later'])('serves a principal that has the scope: %s', async (credentials) => {
    const answer = await call('GET', '/read', credentials);
    expect([answer.statusCode, answer.json()]).toEqual([200, { principal: 'reader' }]);
    expect((await call('HEAD', '/read', credentials)).statusCode).toBe(200);
  });

  it.each(['GET', 'HEAD'] as const)('refuses %s without credentials', async (method) => {
    const answer = await call(method, '/read');
    expect([answer.statusCode, answer.headers['www-authenticate'], handled]).toEqual([
      401,
      'Bearer realm="fastify-camunda"',
      0,
    ]);
  });

  it.each(['reader', 'reader-later'])(
    'refuses a principal without the scope, and reads no body: %s',
    async (c) => {
      const answer = await call('POST', '/start', c);
      expect([answer.statusCode, handled, parsed]).toEqual([403, 0, 0]);
      expect(answer.headers['www-authenticate']).toBe(
        'Bearer realm="fastify-camunda", error="insufficient_scope", scope="process:start"',
      );
      expect(answer.json()).toMatchObject({
        type: 'urn:fastify-camunda:problem:forbidden',
        instance: '/start',
      });
    },
  );

  it.each(['bad', 'bad-later'])('refuses credentials that are not valid: %s', async (credentials) => {
    for (const path of ['/read', '/details']) {
      const answer = await call('GET', path, credentials);
      expect([answer.statusCode, answer.headers['www-authenticate'], handled]).toEqual([
        401,
        'Bearer error="invalid_token"',
        0,
      ]);
    }
  });

  it.each(['broken', 'broken-later'])('serves nobody if the authenticator fails: %s', async (credentials) => {
    expect([(await call('GET', '/read', credentials)).statusCode, handled]).toEqual([500, 0]);
  });

  it('serves everybody on an optional route, and names the principal if there is one', async () => {
    expect((await call('GET', '/details')).json()).toEqual({ principal: null });
    expect((await call('GET', '/details', 'reader')).json()).toEqual({ principal: 'reader' });
  });

  it.each(['/live', '/docs/page'])('does not read credentials on a public route: %s', async (path) => {
    expect((await call('GET', path, 'bad')).json()).toEqual({ principal: null });
  });

  it('has no principal on a public route', () => {
    expect(() => principalOf({ principal: null } as never)).toThrow('public');
  });

  it.each(['/undeclared', '/docsy'])('refuses a route that does not declare its access: %s', (path) => {
    const other = fastify();
    controlAccess(other, { authenticate: () => null }, { '/docs': PUBLIC });
    expect(() => other.get(path, () => 'x')).toThrow(UndeclaredRouteError);
    expect(() => other.get(path, () => 'x')).toThrow(`GET ${path} does not declare its access`);
  });
});
