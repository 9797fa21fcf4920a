import { describe, expect, it } from '@jest/globals';
import { describeUrl, maskPath, scrubUrls } from './described-url.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln';

describe('describeUrl', () => {
  it('shows neither credentials nor query values nor the fragment', () => {
    expect(describeUrl(new URL('https://user:pass@a.example:8443/x/1?token=s&token=t&n=1#f'))).toBe(
      'https://a.example:8443/x/1?token=***&n=***',
    );
  });

  it('masks given secrets, and a whole path', () => {
    const url = new URL('https://a/v1/key one/x/key%20one?q=1');
    expect(describeUrl(url, ['key one'])).toBe('https://a/v1/***/x/***?q=***');
    expect(describeUrl(url, [/v\d/])).toBe('https://a/***/key%20one/x/key%20one?q=***');
    expect(describeUrl(url, [''])).toBe('https://a/v1/key%20one/x/key%20one?q=***');
    expect(describeUrl(new URL('https://a/k-1/k-2/p%C3%A4:ss'), [/k-\d/, 'pä:ss'])).toBe(
      'https://a/***/***/***',
    );
    expect(describeUrl(url, 'path')).toBe('https://a/***?q=***');
    expect(describeUrl(new URL('https://a'), 'path')).toBe('https://a/');
  });
});

describe('maskPath', () => {
  it.each([
    ['/bot1:AAToken/sendMessage', '/***/sendMessage'],
    ['/bot1%3AAAToken/sendMessage', '/***/sendMessage'],
    [`/verify/${JWT}`, '/verify/***'],
    ['/services/T1/B1/x9YbGq7hTzXXk2mWv0LpQd3r', '/services/T1/B1/***'],
    [
      '/users/0190c2a5-7a3e-7cc1-9d6e-3b2f4a5c6d7e/orders/42',
      '/users/0190c2a5-7a3e-7cc1-9d6e-3b2f4a5c6d7e/orders/42',
    ],
    ['/a/very-long-slug-of-some-article-2026', '/a/very-long-slug-of-some-article-2026'],
    ['/%E0%A4%A', '/%E0%A4%A'],
    ['/', '/'],
  ])('shows %s as %s', (path, shown) => {
    expect(maskPath(path)).toBe(shown);
  });
});

describe('scrubUrls', () => {
  it.each([
    ['letters and dashes after a URL', `http://h/ ${'a-'.repeat(500_000)}`],
    ['closing brackets after a URL', `http://h/x${')'.repeat(1_000_000)}x`],
    ['schemes without a URL', `${'a'.repeat(1_000_000)}:/`],
    ['many marks of a URL', 'a://'.repeat(250_000)],
  ])('takes linear time: %s', (_what, text) => {
    // In quadratic time each of these would take minutes or hours.
    expect(scrubUrls(text).length).toBeLessThanOrEqual(text.length);
  });

  it.each([
    [
      'Failed to parse URL from http://u:p@a/bot1:AAToken/x?key=1.',
      'Failed to parse URL from http://a/***/x?key=***.',
    ],
    ['connect to redis://:secret@cache:6379/0 failed', 'connect to redis://cache:6379/0 failed'],
    ['http://svc:100%pure@host:99999/x is bad', '*** is bad'],
    ['(see https://a.example/help/1)', '(see https://a.example/help/1)'],
    ['no address: a//b', 'no address: a//b'],
    ['no scheme: ://x and 1://x', 'no scheme: ://x and 1://x'],
    ['GET http://h/x?SECRET failed', 'GET http://h/x?*** failed'],
    ['http://u:se^cret@h/x?a=1|SECRET.', 'http://h/x?a=***.'],
    ['at "http://u:p@h/x", (http://u:p@h/y).', 'at "http://h/x", (http://h/y).'],
  ])('shows %s as %s', (text, shown) => {
    expect(scrubUrls(text)).toBe(shown);
  });
});
