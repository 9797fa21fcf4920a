import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DIRECT, OutboundAgent } from '../../common/http/index.js';
import { Secret } from '../../config/index.js';
import { TokenError } from './engine.authorization.js';
import { type OAuthConfig, TokenClient } from './token.client.js';

const SECRET = 'hunter2 ä+%';

describe('TokenClient', () => {
  let server: Server;
  let agent: OutboundAgent;
  let respond: (response: ServerResponse) => void;
  let seen: { headers: IncomingMessage['headers']; url: string | undefined; form: URLSearchParams }[];
  let config: OAuthConfig;

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const form = new URLSearchParams(Buffer.concat(chunks).toString());
        seen.push({ headers: request.headers, url: request.url, form });
        respond(response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    agent = new OutboundAgent({ maxConnections: 1, connectTimeoutMs: 5_000, proxies: DIRECT });
    config = {
      mode: 'oauth2',
      tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/realms/a/token?x=1`,
      clientId: 'a:b',
      clientSecret: new Secret(SECRET),
      clientAuth: 'basic',
      scope: null,
      audience: null,
    };
  });

  afterEach(async () => {
    await agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  const answer =
    (status: number, body: unknown, headers: Record<string, string> = {}) =>
    (response: ServerResponse): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };

  const request = (changes: Partial<OAuthConfig> = {}, timeoutMs?: number) =>
    new TokenClient({ ...config, ...changes }, agent, timeoutMs).request();

  async function faultOf(changes: Partial<OAuthConfig> = {}, timeoutMs?: number): Promise<TokenError> {
    const error = await request(changes, timeoutMs).then(
      () => {
        throw new Error('did not fail');
      },
      (thrown: unknown) => thrown as TokenError,
    );
    expect(error).toBeInstanceOf(TokenError);
    expect(inspect(error, { depth: 9 })).not.toMatch(/hunter2|eyJ/);
    return error;
  }

  it('sends the secret in the header, encoded as RFC 6749 asks for, and the scope in the form', async () => {
    respond = answer(200, { access_token: 'eyJ', token_type: 'Bearer', expires_in: 60 });
    expect(await request({ scope: 'a b', audience: 'engine' })).toEqual({ token: 'eyJ', expiresInS: 60 });
    const [{ headers, url, form } = { headers: {}, url: '', form: new URLSearchParams() }] = seen;
    expect(url).toBe('/realms/a/token?x=1');
    expect(headers['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    const sent = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString();
    expect(sent.split(':').map((part) => new URLSearchParams(`x=${part}`).get('x'))).toEqual(['a:b', SECRET]);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'client_credentials',
      scope: 'a b',
      audience: 'engine',
    });
  });

  it('sends a UUID as client id and secret as it is, for endpoints that do not decode it', async () => {
    respond = answer(200, { access_token: 'eyJ', token_type: 'Bearer' });
    const uuid = '0b1c2d3e-4f50-4a61-8b72-9c83ad94be05';
    await request({ clientId: uuid, clientSecret: new Secret(`${uuid}~.x`) });
    const sent = Buffer.from(seen[0]?.headers.authorization?.slice(6) ?? '', 'base64').toString();
    expect(sent).toBe(`${uuid}:${uuid}%7E.x`);
  });

  it('sends the secret in the form if it is asked to', async () => {
    respond = answer(200, { access_token: 'eyJ', token_type: 'bearer' });
    expect(await request({ clientAuth: 'post' })).toEqual({ token: 'eyJ', expiresInS: null });
    expect(seen[0]?.headers.authorization).toBeUndefined();
    expect(seen[0]?.form.get('client_secret')).toBe(SECRET);
  });

  it.each<[string, number, unknown, Record<string, string>, string]>([
    ['a wrong client', 401, { error: 'invalid_client' }, {}, 'it answers 401 invalid_client'],
    [
      'a wrong client with a challenge',
      401,
      { error: 'invalid_client' },
      { 'www-authenticate': 'Basic realm="x"' },
      'it answers 401 invalid_client',
    ],
    ['a wrong scope', 400, { error: 'invalid_scope' }, {}, 'it answers 400 invalid_scope'],
    ['a page', 404, '<html>eyJ', { 'content-type': 'text/html' }, 'it answers 404'],
    ['a code that is none', 400, { error: 'x\n[error] forged' }, {}, 'it answers 400'],
    [
      'a redirect',
      302,
      '',
      { location: 'https://login/eyJ' },
      'it answers 302, a redirect, which is not followed',
    ],
    ['no token', 200, {}, {}, 'it answers 200 with something that is not a token'],
    ['no JSON', 200, 'eyJ', {}, 'it answers 200 with something that is not a token'],
    ['no body', 204, '', {}, 'it answers 204 with something that is not a token'],
    ['a list', 200, [], {}, 'it answers 200 with something that is not a token'],
    [
      'another kind of token',
      200,
      { access_token: 'eyJ', token_type: 'mac' },
      {},
      'it answers 200 with something that is not a token',
    ],
    [
      'a token with a line break',
      200,
      { access_token: 'eyJ\r\nx-admin: 1', token_type: 'bearer' },
      {},
      'it answers 200 with something that is not a token',
    ],
    [
      'a life below zero',
      200,
      { access_token: 'eyJ', token_type: 'bearer', expires_in: -5 },
      {},
      'it answers 200 with something that is not a token',
    ],
    [
      'a life that is no number',
      200,
      { access_token: 'eyJ', token_type: 'bearer', expires_in: 'soon' },
      {},
      'it answers 200 with something that is not a token',
    ],
    [
      'an endless answer',
      200,
      `{"access_token":"eyJ","token_type":"bearer","x":"${'x'.repeat(300_000)}"}`,
      {},
      'it answers 200 with something that is not a token',
    ],
  ])('is refused by %s', async (_, status, body, headers, message) => {
    respond = answer(status, body, headers);
    expect(await faultOf()).toMatchObject({ message, isRefusal: true });
  });

  it.each([500, 502, 503, 429, 408])('waits for an endpoint that answers %i', async (status) => {
    respond = answer(status, { error: 'invalid_client' });
    expect(await faultOf()).toMatchObject({ message: `it answers ${status}`, isRefusal: false });
  });

  it('takes a life in a string', async () => {
    respond = answer(200, { access_token: 'eyJ', token_type: 'bearer', expires_in: '60' });
    expect(await request()).toEqual({ token: 'eyJ', expiresInS: 60 });
  });

  it('keeps the description of the endpoint, on one line and without the secret', async () => {
    respond = answer(401, {
      error: 'invalid_client',
      error_description: `AADSTS7000215:\n\u001b[31m ${SECRET} ${'x'.repeat(1_000)}`,
    });
    const { description, message } = await faultOf();
    expect(description).toMatch(/^AADSTS7000215: \[31m \*\*\* x+$/);
    expect(description).toHaveLength(300);
    expect(message).toBe('it answers 401 invalid_client');
  });

  it('says that the endpoint is slow, or cannot be reached, or breaks off', async () => {
    respond = () => undefined;
    expect(await faultOf({}, 20)).toMatchObject({ message: 'no answer within 20 ms', isRefusal: false });
    respond = (response) => response.destroy();
    expect(await faultOf()).toMatchObject({
      message: expect.stringMatching(/^it cannot be reached \(/) as unknown,
      isRefusal: false,
    });
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    expect(await faultOf()).toMatchObject({
      message: 'it cannot be reached (ECONNREFUSED)',
      isRefusal: false,
    });
  });
});
