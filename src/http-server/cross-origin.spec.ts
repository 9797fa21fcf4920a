import { describe, expect, it } from '@jest/globals';
import { OriginCheck } from './cross-origin.js';

const check = new OriginCheck(['https://app.example.com'], 'https://api.example.com/camunda');

const isRefused = (
  headers: Record<string, string>,
  method = 'POST',
  { check: own }: { check: OriginCheck } = { check },
): boolean => own.check({ method, headers: { host: 'service:8080', ...headers } }) !== null;

describe('OriginCheck', () => {
  it.each<[string, Record<string, string>]>([
    ['another website', { origin: 'https://evil.example' }],
    [
      'another website, by Sec-Fetch-Site',
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    ],
    ['another website that hides its origin', { origin: 'null' }],
    ['a link without an Origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sibling host', { origin: 'https://evil.example.com', 'sec-fetch-site': 'same-site' }],
    ['another port of the same host', { origin: 'http://service:9090' }],
    ['another scheme of the public address', { origin: 'http://api.example.com' }],
    ['a prefix of a trusted origin', { origin: 'https://app.example.com.evil.example' }],
    ['a form', { origin: 'https://evil.example', 'content-type': 'application/x-www-form-urlencoded' }],
    ['a text that begins like JSON', { origin: 'https://evil.example', 'content-type': 'application/jsonx' }],
    ['a text of JSON', { origin: 'https://evil.example', 'content-type': 'text/plain; application/json' }],
  ])('refuses %s', (_what, headers) => {
    expect(isRefused(headers)).toBe(true);
  });

  it.each<[string, Record<string, string>]>([
    ['a client that is no browser', {}],
    ['a website in CORS_ORIGINS', { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }],
    ['the public address, whatever a proxy sets as Host', { origin: 'https://api.example.com' }],
    ['the address in Host', { origin: 'http://service:8080' }],
    ['its own page behind a proxy', { origin: 'https://intranet', 'sec-fetch-site': 'same-origin' }],
    ['its own page without a referrer', { origin: 'null', 'sec-fetch-site': 'same-origin' }],
    ['a user who typed the address', { 'sec-fetch-site': 'none' }],
    [
      'JSON, which needs a preflight',
      { origin: 'https://evil.example', 'content-type': 'Application/JSON; charset=utf-8' },
    ],
  ])('accepts %s', (_what, headers) => {
    expect(isRefused(headers)).toBe(false);
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('accepts %s from everywhere', (method) => {
    expect(isRefused({ origin: 'https://evil.example' }, method)).toBe(false);
  });

  it.each(['PUT', 'PATCH', 'DELETE'])('refuses %s from another website', (method) => {
    expect(isRefused({ origin: 'https://evil.example' }, method)).toBe(true);
  });

  it('compares Host without regard to case, and never with an absent one', () => {
    const plain = { check: new OriginCheck([], null) };
    expect(isRefused({ host: 'Service:8080', origin: 'http://service:8080' }, 'POST', plain)).toBe(false);
    expect(plain.check.check({ method: 'POST', headers: { origin: 'null' } })).not.toBeNull();
  });
});
