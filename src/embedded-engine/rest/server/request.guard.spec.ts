import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordingEngine } from '../testing/recording.engine.js';
import { DEPLOYMENT } from '../testing/records.js';
import { type EngineServer, startEngineServer } from './engine.server.js';
import { RequestGuard } from './request.guard.js';

const TOKEN = 'the-token';
const OWN = { authorization: `Bearer ${TOKEN}` };

describe('RequestGuard', () => {
  const statusOf = (headers: Record<string, string>, address = '127.0.0.1') =>
    new RequestGuard(TOKEN, address).refusalOf(headers)?.status ?? 200;

  it.each([
    'localhost',
    'localhost:8085',
    'LOCALHOST:1',
    'localhost.',
    'engine.localhost:8085',
    '127.0.0.1:8085',
    '127.1.2.3',
    '[::1]:8085',
  ])('accepts %s as a name of this machine', (host) => {
    expect(statusOf({ ...OWN, host })).toBe(200);
  });

  it.each([
    'evil.example',
    'evil.example:8085',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.evil.example',
    '10.0.0.1:8085',
    '0.0.0.0:8085',
    'evil.example:80:localhost',
    'localhost@evil.example',
    '[::2]',
    '',
  ])('refuses a page that is known as %j', (host) => {
    expect(statusOf({ ...OWN, host })).toBe(403);
  });

  it('refuses a request without a host', () => {
    expect(statusOf(OWN)).toBe(403);
  });

  it('cannot know the names of a machine that it serves to others', () => {
    expect(statusOf({ ...OWN, host: 'engine:8085' }, '0.0.0.0')).toBe(200);
    expect(statusOf({ ...OWN, host: 'engine:8085' }, 'localhost')).toBe(403);
    expect(statusOf({ host: 'engine:8085' }, '0.0.0.0')).toBe(401);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:3000', 'https://localhost:8085', ''])(
    'refuses a page of the origin %j',
    (origin) => {
      expect(statusOf({ ...OWN, host: 'localhost:8085', origin })).toBe(403);
    },
  );

  it('accepts a page of its own', () => {
    expect(statusOf({ ...OWN, host: 'localhost:8085', origin: 'http://localhost:8085' })).toBe(200);
  });

  it.each<[string, Record<string, string>]>([
    ['no token', {}],
    ['another token', { authorization: 'Bearer other' }],
    ['a longer token', { authorization: `Bearer ${TOKEN}x` }],
    ['no scheme', { authorization: TOKEN }],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: `Basic ${Buffer.from(`a:${TOKEN}`).toString('base64')}` }],
  ])('refuses %s', (_, headers) => {
    expect(statusOf({ host: 'localhost', ...headers })).toBe(401);
  });
});

describe('a port with a token', () => {
  let engine: RecordingEngine;
  let server: EngineServer;

  beforeEach(async () => {
    engine = new RecordingEngine();
    server = await startEngineServer({ engine, port: 0, token: TOKEN });
  });

  afterEach(() => server.close());

  /** Sends a form as a page does. */
  function deploy(
    headers: Record<string, string>,
  ): Promise<{ status: number; challenge: unknown; body: string }> {
    const form = [
      '--x',
      'Content-Disposition: form-data; name="data"; filename="a.bpmn"',
      '',
      '<definitions/>',
      '--x--',
      '',
    ].join('\r\n');
    return new Promise((resolve, reject) => {
      const sent = request(
        `${server.baseUrl}/deployment/create`,
        { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=x', ...headers } },
        (response) => {
          let body = '';
          response.on('data', (chunk: Buffer) => (body += chunk.toString()));
          response.on('end', () => {
            const { statusCode: status = 0, headers: answered } = response;
            resolve({ status, challenge: answered['www-authenticate'], body });
          });
        },
      );
      sent.on('error', reject).end(form);
    });
  }

  it('deploys nothing for a page of another website, or by another user of the machine', async () => {
    engine.answer('repository.deploy', { deployment: DEPLOYMENT, definitions: [] });
    expect(await deploy({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    expect(await deploy({ host: 'evil.example', origin: 'http://evil.example' })).toMatchObject({
      status: 403,
    });
    const unknown = await deploy({});
    expect([unknown.status, unknown.challenge]).toEqual([401, 'Bearer realm="embedded engine"']);
    expect(JSON.parse(unknown.body)).toMatchObject({ type: 'AuthenticationException', code: null });
    expect(engine.calls).toEqual([]);
    expect(await deploy(OWN)).toMatchObject({ status: 200 });
  });

  it('answers no preflight of another website', async () => {
    const { status, headers } = await fetch(`${server.baseUrl}/deployment/create`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });
});
