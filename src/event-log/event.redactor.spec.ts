import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_REDACTED_NAMES, EventRedactor } from './event.redactor.js';

describe('EventRedactor', () => {
  const redactor = new EventRedactor(DEFAULT_REDACTED_NAMES, 200);

  it.each([
    'password',
    'PASSWORD',
    'userPassword',
    'passwordHash',
    'client_secret',
    'accesstoken',
    'Set-Cookie',
    'x-api-key',
    'apiKey',
    'Authorization',
  ])('hides the value of %s, however deep', (name) => {
    expect(redactor.toJson({ a: [{ [name]: 'hidden' }] })).toBe(`{"a":[{"${name}":"[redacted]"}]}`);
  });

  it.each(['secretary', 'userId', 'broken', 'tokyo'])('shows the value of %s', (name) => {
    expect(redactor.toJson({ [name]: 'shown' })).toBe(`{"${name}":"shown"}`);
  });

  it('judges a name the same however often and among however many others it comes', () => {
    const many = Object.fromEntries(Array.from({ length: 12_000 }, (_, n) => [`name${n}`, n]));
    const patient = new EventRedactor(DEFAULT_REDACTED_NAMES, 1_000_000);
    for (let round = 0; round < 2; round += 1) {
      expect(patient.toJson({ token: 'x', tokyo: 'y' })).toBe('{"token":"[redacted]","tokyo":"y"}');
      expect(patient.toJson(many)).toBe(JSON.stringify(many));
    }
  });

  it('hides the value of a name that no program has, without a look at the name', () => {
    const patient = new EventRedactor(DEFAULT_REDACTED_NAMES, 10_000);
    const [longest, longer] = ['n'.repeat(255), 'n'.repeat(256)];
    expect(patient.toJson({ [longest]: 'shown', [longer]: 'hidden' })).toBe(
      `{"${longest}":"shown","${longer}":"[redacted]"}`,
    );
  });

  it('does not change a secret that is null', () => {
    expect(redactor.toJson({ token: null })).toBe('{"token":null}');
  });

  it.each([
    [
      'in what a value is turned into',
      { a: { toJSON: () => ({ token: 'x' }) } },
      '{"a":{"token":"[redacted]"}}',
    ],
    [
      'in what a list is turned into',
      { a: Object.assign([1], { toJSON: () => [{ token: 'x' }] }) },
      '{"a":[{"token":"[redacted]"}]}',
    ],
    ['in lists of lists', [[[{ token: 'x' }]]], '[[[{"token":"[redacted]"}]]]'],
    ['behind what JSON leaves out', { a: undefined, token: 'x' }, '{"token":"[redacted]"}'],
    ['beside a date', [new Date(0), { token: 'x' }], '["1970-01-01T00:00:00.000Z",{"token":"[redacted]"}]'],
    ['beside a big number', { big: 12n, token: 'x' }, '{"big":"12","token":"[redacted]"}'],
    [
      'that is read by a getter',
      {
        get token() {
          return 'x';
        },
      },
      '{"token":"[redacted]"}',
    ],
  ])('hides a secret %s', (_, value, json) => {
    expect(redactor.toJson(value)).toBe(json);
  });

  it('hides a secret deeper than it looks for one', () => {
    let value: unknown = { token: 'x' };
    for (let depth = 0; depth < 60; depth += 1) value = [value];
    expect(redactor.toJson(value)).toBe(`${'['.repeat(60)}{"token":"[redacted]"}${']'.repeat(60)}`);
  });

  it('returns null for null and undefined', () => {
    expect([redactor.toJson(null), redactor.toJson(undefined)]).toEqual([null, null]);
  });

  it('describes values that JSON cannot represent', () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(redactor.toJson(circle)).toMatch(/^\{"unserializable":"Converting circular/);
    expect(redactor.toJson({ big: 12n })).toBe('{"big":"12"}');
    expect(redactor.toJson(() => 1)).toBe('null');
  });

  it('cuts a long value to valid JSON within the limit, with its original length', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 201, maxLength: 600 }), (text) => {
        const json = redactor.toJson({ text }) ?? '';
        expect(Buffer.byteLength(json)).toBeLessThanOrEqual(200);
        const marker = JSON.parse(json) as { truncated: boolean; bytes: number; head: string };
        expect(marker.truncated).toBe(true);
        expect(marker.bytes).toBe(Buffer.byteLength(JSON.stringify({ text })));
        expect(JSON.stringify({ text }).startsWith(marker.head)).toBe(true);
      }),
    );
  });

  it('cuts a long text between two characters', () => {
    expect(redactor.toText('short')).toBe('short');
    const text = redactor.toText('é'.repeat(150));
    expect(text).toMatch(/^é+…$/);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(200);
  });
});
