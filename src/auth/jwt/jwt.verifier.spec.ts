import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  base64url,
  compactVerify,
  type CryptoKey,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import { ProblemError } from '../../common/errors/index.js';
import { until } from '../../common/testing/until.js';
import type { JwtConfig } from '../../config/index.js';
import { DIRECT } from '../../common/http/index.js';
import { ShutdownService } from '../../lifecycle/index.js';
import { JwksKeys } from './jwks.keys.js';
import { JwtVerifier } from './jwt.verifier.js';

const ISSUER = 'https://id.example';
const AUDIENCE = 'fastify-camunda';

/** Long enough that no second request is due within a test. */
const NO_SECOND_REQUEST_MS = 600_000;

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function signingKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

describe('JwtVerifier', () => {
  let server: Server;
  let answer: RequestListener;
  let requests: number;
  let shutdown: ShutdownService;
  let published: JWK[];
  let warnings: string[];
  let first: SigningKey;
  let second: SigningKey;
  let now: number;

  beforeEach(async () => {
    first = await signingKey('first');
    second = await signingKey('second');
    published = [first.jwk];
    requests = 0;
    answer = (_request, response) => {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ keys: published }));
    };
    server = createServer((request, response) => {
      requests += 1;
      answer(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    shutdown = new ShutdownService({ timeoutMs: 1_000, delayMs: 0 });
    now = Math.floor(Date.now() / 1_000);
    warnings = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
      warnings.push(typeof line === 'string' ? line : String((line as { err?: Error }).err?.message));
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    await shutdown.stop();
    server.closeAllConnections();
    server.close();
  });

  const baseUrl = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const config = (more: Partial<JwtConfig> = {}): JwtConfig => ({
    jwksUrl: `${baseUrl()}/keys?x=1`,
    issuer: ISSUER,
    audience: [AUDIENCE],
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'],
    scopeClaim: null,
    clockToleranceMs: 30_000,
    jwksCooldownMs: NO_SECOND_REQUEST_MS,
    ...more,
  });

  async function verifier(more: Partial<JwtConfig> = {}): Promise<JwtVerifier> {
    const settings = config(more);
    const keys = new JwksKeys(settings, DIRECT, shutdown);
    await keys.start();
    return new JwtVerifier(settings, keys);
  }

  const claims = (): JWTPayload => ({
    iss: ISSUER,
    aud: AUDIENCE,
    sub: 'alice',
    scope: 'process:read',
    iat: now,
    exp: now + 300,
  });

  const sign = (payload: JWTPayload, { kid, alg, privateKey }: SigningKey = first): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ alg, kid }).sign(privateKey);

  async function fault(tokens: JwtVerifier, token: string): Promise<ProblemError> {
    try {
      const { name } = await tokens.authenticate(token);
      throw new Error(`accepted as ${name}`);
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('accepts a token that is signed with %s', async (alg) => {
    const key = await signingKey('k', alg);
    published = [key.jwk];
    const principal = await (await verifier()).authenticate(await sign(claims(), key));
    expect([principal.name, principal.kind, principal.grants.has('process:read')]).toEqual([
      'jwt:alice',
      'jwt',
      true,
    ]);
  });

  it('accepts one of several audiences on both sides', async () => {
    const tokens = await verifier({ audience: ['other', AUDIENCE] });
    expect(await tokens.authenticate(await sign({ ...claims(), aud: ['x', AUDIENCE] }))).toMatchObject({
      name: 'jwt:alice',
    });
  });

  it.each<[string, (payload: JWTPayload, at: number) => JWTPayload, string]>([
    ['expired', (payload, at) => ({ ...payload, exp: at - 60 }), 'The token has expired.'],
    ['not valid yet', (payload, at) => ({ ...payload, nbf: at + 60 }), 'not valid yet (nbf)'],
    ['for another audience', (payload) => ({ ...payload, aud: 'other' }), 'audience (aud) is another one'],
    ['without an audience', ({ aud: _, ...payload }) => payload, 'audience (aud) is another one'],
    ['of another issuer', (payload) => ({ ...payload, iss: `${ISSUER}/` }), 'accepted issuer (iss)'],
    ['without an issuer', ({ iss: _, ...payload }) => payload, 'accepted issuer (iss)'],
    ['without an expiry', ({ exp: _, ...payload }) => payload, 'no valid expiry (exp)'],
    ['with a text as expiry', (payload) => ({ ...payload, exp: 'never' as never }), 'no valid expiry (exp)'],
    ['without a subject', ({ sub: _, ...payload }) => payload, 'names nobody'],
  ])('refuses a token that is %s', async (_, change, detail) => {
    const problem = await fault(await verifier(), await sign(change(claims(), now)));
    expect([problem.code, problem.detail]).toEqual(['unauthenticated', expect.stringContaining(detail)]);
    expect(problem.facts.headers?.['www-authenticate']).toMatch(
      /^Bearer realm="fastify-camunda", error="invalid_token", error_description="[\x20-\x21\x23-\x7e]+"$/,
    );
  });

  it('allows the tolerance of the clocks, on both sides', async () => {
    const tokens = await verifier();
    for (const change of [{ exp: now - 10 }, { nbf: now + 10 }])
      expect(await tokens.authenticate(await sign({ ...claims(), ...change }))).toMatchObject({
        kind: 'jwt',
      });
  });

  describe('forged tokens', () => {
    const encoded = (value: object): string => base64url.encode(JSON.stringify(value));

    it.each(['none', 'None', 'NONE', 'nOnE'])('refuses alg: %s', async (alg) => {
      const tokens = await verifier();
      for (const signature of ['', 'x']) {
        const problem = await fault(
          tokens,
          `${encoded({ alg, kid: 'first' })}.${encoded(claims())}.${signature}`,
        );
        expect(problem.status).toBe(401);
      }
    });

    it('refuses a token that is signed with the public key as a secret', async () => {
      const token = await new SignJWT(claims())
        .setProtectedHeader({ alg: 'HS256', kid: 'first' })
        .sign(new TextEncoder().encode(JSON.stringify(first.jwk)));
      expect((await fault(await verifier(), token)).detail).toContain('algorithm of the signature');
    });

    it('refuses an algorithm that is not configured', async () => {
      const tokens = await verifier({ algorithms: ['RS256'] });
      expect((await fault(tokens, await sign(claims()))).detail).toContain('algorithm of the signature');
    });

    it.each(['jwk', 'jku', 'x5u'])('uses no key that the header brings in %s', async (name) => {
      const value = name === 'jwk' ? second.jwk : `${baseUrl()}/evil`;
      const token = await new SignJWT(claims())
        .setProtectedHeader({ alg: 'ES256', kid: 'first', [name]: value })
        .sign(second.privateKey);
      expect((await fault(await verifier(), token)).detail).toContain('signature of the token');
      expect(requests).toBe(1);
    });

    it('refuses changed claims, a changed header and a cut signature', async () => {
      const tokens = await verifier();
      const [header = '', , signature = ''] = (await sign(claims())).split('.');
      const admin = encoded({ ...claims(), scope: 'ops:write' });
      for (const token of [
        `${header}.${admin}.${signature}`,
        `${encoded({ alg: 'ES256', kid: 'first', typ: 'x' })}.${encoded(claims())}.${signature}`,
        `${header}.${encoded(claims())}.${signature.slice(0, -4)}`,
        `${header}.${encoded(claims())}.`,
      ])
        expect((await fault(tokens, token)).status).toBe(401);
    });

    it.each([
      '',
      '.',
      '..',
      'a.b.c',
      'a.b',
      `${encoded({ alg: 'ES256' })}.e30`,
      'ä.ö.ü',
      `${'a'.repeat(8_000)}.b.c`,
    ])('refuses what is no token: %.20s', async (token) => {
      expect((await fault(await verifier(), token)).code).toBe('unauthenticated');
    });

    it('refuses an unknown critical header', async () => {
      const [, payload = '', signature = ''] = (await sign(claims())).split('.');
      const header = encoded({ alg: 'ES256', kid: 'first', crit: ['x'], x: 1 });
      expect((await fault(await verifier(), `${header}.${payload}.${signature}`)).status).toBe(401);
    });
  });

  it('verifies a token once, until it expires or the keys change', async () => {
    const tokens = await verifier({ jwksCooldownMs: 100, clockToleranceMs: 0 });
    const token = await sign(claims());
    expect(tokens.authenticate(token)).toBeInstanceOf(Promise);
    await tokens.authenticate(token);
    expect(tokens.authenticate(token)).toMatchObject({ name: 'jwt:alice' });

    const clock = jest.spyOn(Date, 'now').mockReturnValue((now + 300) * 1_000);
    expect(tokens.authenticate(token)).toBeInstanceOf(Promise);
    clock.mockRestore();
    await tokens.authenticate(token);

    // The provider withdraws the key: what it has signed is refused as soon as the keys are requested again.
    published = [second.jwk];
    const other = await sign(claims(), second);
    await until(async () =>
      Promise.resolve(tokens.authenticate(other)).then(
        () => true,
        () => false,
      ),
    );
    expect((await fault(tokens, token)).detail).toContain('does not publish');
  });

  it('does not remember a token of withdrawn keys if another request notices the change during its check', async () => {
    const key = await importJWK(first.jwk);
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const keys = { version: 1, find: jest.fn(() => released.then(() => key)) };
    const tokens = new JwtVerifier(config(), keys as unknown as JwksKeys);
    const token = await sign(claims());
    const checked = tokens.authenticate(token);
    keys.version = 2;
    keys.find.mockRejectedValue(new errors.JWKSNoMatchingKey());
    await expect(tokens.authenticate(await sign(claims(), second))).rejects.toThrow('does not publish');
    release();
    expect(await checked).toMatchObject({ name: 'jwt:alice' });
    expect((await fault(tokens, token)).detail).toContain('does not publish');
  });

  it('remembers at most a thousand tokens', async () => {
    const tokens = await verifier();
    const token = await sign(claims());
    await tokens.authenticate(token);
    for (let n = 0; n < 1_000; n += 1) await tokens.authenticate(await sign({ ...claims(), jti: String(n) }));
    expect(tokens.authenticate(token)).toBeInstanceOf(Promise);
  });

  it('requests the keys again for a token of a new key, once for all that wait', async () => {
    const tokens = await verifier({ jwksCooldownMs: 100 });
    published = [first.jwk, second.jwk];
    const token = await sign(claims(), second);
    await until(async () => {
      const all = await Promise.allSettled(
        Array.from({ length: 20 }, async () => tokens.authenticate(token)),
      );
      return all.every(({ status }) => status === 'fulfilled');
    });
    expect(requests).toBe(2);
    expect(await tokens.authenticate(await sign(claims()))).toMatchObject({ name: 'jwt:alice' });
  });

  it('sends one request per cooldown for a flood of invented key ids', async () => {
    const tokens = await verifier();
    for (let n = 0; n < 200; n += 1)
      expect(
        (await fault(tokens, await sign(claims(), { ...second, kid: `invented-${n}` }))).detail,
      ).toContain('does not publish');
    expect(requests).toBe(1);
  });

  it('tries each key for a token that names none', async () => {
    published = [second.jwk, first.jwk];
    const tokens = await verifier();
    const of = (privateKey: CryptoKey) =>
      new SignJWT(claims()).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
    expect(await tokens.authenticate(await of(first.privateKey))).toMatchObject({ name: 'jwt:alice' });
    const stranger = await signingKey('third');
    expect((await fault(tokens, await of(stranger.privateKey))).detail).toContain('signature of the token');
  });

  describe('an endpoint of keys that does not work', () => {
    const FAULTS: Readonly<Record<string, [RequestListener, string]>> = {
      'answers 500': [
        (_, response) => response.writeHead(500).end('{"keys":[]}'),
        'answered 500 instead of 200',
      ],
      redirects: [
        (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
        'answered 302 instead of 200',
      ],
      floods: [
        (_, response) => {
          response.writeHead(200);
          const chunk = Buffer.alloc(65_536, 0x20);
          const send = (): void => {
            while (!response.destroyed && response.write(chunk)) {
              // Until the reader has enough.
            }
          };
          response.on('drain', send);
          send();
        },
        'more than 524288 bytes',
      ],
      'answers no JSON': [(_, response) => response.writeHead(200).end('<html>'), 'did not answer JSON'],
      'answers no keys': [(_, response) => response.writeHead(200).end('{"keys":7}'), 'malformed'],
      'closes the connection': [(request) => request.socket.destroy(), ''],
    };

    it.each(Object.keys(FAULTS))('does not stop the boot if it %s, and is asked again', async (name) => {
      const healthy = answer;
      const [faulty, reason] = FAULTS[name] ?? [];
      answer = faulty ?? healthy;
      const tokens = await verifier({ jwksCooldownMs: 100 });
      const problem = await fault(tokens, await sign(claims()));
      expect([problem.code, problem.status, problem.facts.headers?.['retry-after']]).toEqual([
        'keys-unavailable',
        503,
        '5',
      ]);
      expect(warnings).toEqual([expect.stringContaining(reason ?? '')]);
      answer = healthy;
      const token = await sign(claims());
      await until(async () =>
        Promise.resolve(tokens.authenticate(token)).then(
          () => true,
          () => false,
        ),
      );
    });

    it('keeps the keys before, and does not let the holder of a known key wait, if it hangs', async () => {
      const tokens = await verifier({ jwksCooldownMs: 100 });
      const known = await sign(claims());
      await tokens.authenticate(known);
      answer = () => undefined;
      const unknown = await sign(claims(), second);
      await until(async () => {
        // Not awaited: it waits for the request that hangs.
        void fault(tokens, unknown).catch(() => undefined);
        await new Promise((resolve) => setImmediate(resolve));
        return requests > 1;
      });
      expect(tokens.authenticate(known)).toMatchObject({ name: 'jwt:alice' });
      expect(await tokens.authenticate(await sign({ ...claims(), jti: 'x' }))).toMatchObject({
        name: 'jwt:alice',
      });
      expect((await fault(tokens, unknown)).detail).toContain('does not publish');
      expect(warnings).toEqual([expect.stringMatching(/timeout|abort/i)]);
    });

    it('keeps the keys before if the answer is broken', async () => {
      const tokens = await verifier({ jwksCooldownMs: 100 });
      answer = (_, response) => response.writeHead(200).end('{"keys":[');
      const unknown = await sign(claims(), second);
      await until(async () => {
        await fault(tokens, unknown);
        return warnings.length > 0;
      });
      expect(await tokens.authenticate(await sign(claims()))).toMatchObject({ name: 'jwt:alice' });
    });

    it('refuses tokens of a published key that cannot be used, and accepts those of the others', async () => {
      published = [first.jwk, { kty: 'RSA', kid: 'broken', alg: 'RS256', use: 'sig', n: 'AQAB', e: 'AQAB' }];
      const tokens = await verifier();
      const rsa = await signingKey('broken', 'RS256');
      expect((await fault(tokens, await sign(claims(), rsa))).status).toBe(401);
      expect(await tokens.authenticate(await sign(claims()))).toMatchObject({ name: 'jwt:alice' });
    });
  });

  describe('the signed examples of RFC 7520', () => {
    const { keys, signed } = JSON.parse(readFileSync('test/fixtures/rfc7520/signed.json', 'utf8')) as {
      keys: Record<'ec' | 'rsa' | 'mac', JWK>;
      signed: { section: string; alg: string; compact: string }[];
    };

    it.each(signed)('$section: $alg is verified if it is asymmetric', async ({ alg, compact }) => {
      published = [keys.ec, keys.rsa, keys.mac];
      const source = new JwksKeys(
        { jwksUrl: baseUrl(), jwksCooldownMs: NO_SECOND_REQUEST_MS },
        DIRECT,
        shutdown,
      );
      await source.start();
      const verified = compactVerify(compact, source.find, {
        algorithms: ['RS256', 'PS384', 'ES512', 'HS256'],
      });
      if (alg === 'HS256') await expect(verified).rejects.toThrow();
      else
        expect(new TextDecoder().decode((await verified).payload)).toMatch(
          /^It’s a dangerous business, Frodo/,
        );
      // One flipped bit of the signature.
      const [header = '', payload = '', signature = ''] = compact.split('.');
      const bytes = Buffer.from(signature, 'base64url');
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      const forged = `${header}.${payload}.${bytes.toString('base64url')}`;
      await expect(
        compactVerify(forged, source.find, { algorithms: ['RS256', 'PS384', 'ES512', 'HS256'] }),
      ).rejects.toThrow();
      // A text is no set of claims.
      const tokens = await verifier({ algorithms: ['RS256', 'PS384', 'ES512'] });
      expect((await fault(tokens, compact)).status).toBe(401);
    });
  });
});
