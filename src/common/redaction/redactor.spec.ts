import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Redactor } from './redactor.js';

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln';
const SECRET = 'hunter2-S3cr3t';
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIE${SECRET}\n-----END RSA PRIVATE KEY-----`;

describe('Redactor', () => {
  const redactor = new Redactor();

  describe('of texts', () => {
    it.each([
      ['login with password=hunter2', 'login with password=***'],
      ['password = hunter2, user = ada', 'password = ***, user = ada'],
      ["pwd='hun ter2' user='ada'", "pwd='***' user='ada'"],
      ['user=ada&password1=hunter2&n=1', 'user=ada&password1=***&n=1'],
      ['/callback?code=1&access_token=abc', '/callback?code=1&access_token=***'],
      ['{user=ada, password=hunter2}', '{user=ada, password=***}'],
      ['token:abc', 'token:***'],
      ['Api Key: abc-1', 'Api Key: ***'],
      ['user[password]=hunter2', 'user[password]=***'],
      ['password=a,b;c', 'password=***'],
      ['Authorization: Bearer abc.def', 'Authorization: Bearer ***'],
      ['authorization: Basic dXNlcjpwYXNz, then 401', 'authorization: Basic ***, then 401'],
      ['Authorization: Digest username="ada", response="6629"\nHost: a', 'Authorization: ***\nHost: a'],
      [`-H 'Cookie: sid="${SECRET}"; b=c' -v`, "-H 'Cookie: ***' -v"],
      ['Secret Key: abc, session id: def', 'Secret Key: ***, session id: ***'],
      ['Cookie: a=b; sid=c\nAccept: text/html', 'Cookie: ***\nAccept: text/html'],
      ['X-Api-Key: k-1\r\nHost: a', 'X-Api-Key: ***\r\nHost: a'],
      [
        `curl -H "Authorization: Bearer ${SECRET}" https://a/b`,
        'curl -H "Authorization: Bearer ***" https://a/b',
      ],
      ['sent Bearer hunter2abc and failed', 'sent Bearer *** and failed'],
      ['Basic dXNlcjpwYXNz', 'Basic ***'],
      ['run --password hunter2 --verbose', 'run --password *** --verbose'],
      ['curl -u ada:hunter2 https://a.example/b', 'curl -u ada:*** https://a.example/b'],
      ['curl --proxy-user ada:hunter2 -v', 'curl --proxy-user ada:*** -v'],
      ['curl -u svc1:hunter2 a.example/b', 'curl -u svc1:*** a.example/b'],
      ["curl -u 'svc1:hunter 2' a.example/b", "curl -u 'svc1:***' a.example/b"],
      ['ran "curl --user \\"ada:hunter2\\" -v"', 'ran "curl --user \\"ada:***\\" -v"'],
      ['next=%2Flogin%3Fpassword%3Dhunter%402%26page%3D2', 'next=%2Flogin%3Fpassword%3D***%26page%3D2'],
      ['run --client-secret=hunter2 -v', 'run --client-secret=*** -v'],
      ['<login><Password a="1">hunter2</Password></login>', '<login><Password a="1">***</Password></login>'],
      ['<wsse:Password>hunter2</wsse:Password>', '<wsse:Password>***</wsse:Password>'],
      ['body {"user":"ada","password":"hun\\"ter2"} refused', 'body {"user":"ada","password":"***"} refused'],
      ['{\\"token\\":\\"abc\\",\\"n\\":1} cut', '{\\"token\\":\\"***\\",\\"n\\":1} cut'],
      ['got {"password":{"value":"a}b","type":"String"},"n":1', 'got {"password":***,"n":1'],
      ['got {\\"pin\\":{\\"value\\":\\"1}2\\"},\\"n\\":1', 'got {\\"pin\\":***,\\"n\\":1'],
      ['"pin": 1234, "n": 1', '"pin": ***, "n": 1'],
      ['Server=db;User Id=sa;Password=my pass;Encrypt=yes', 'Server=db;User Id=sa;Password=***;Encrypt=yes'],
      ['Server=db;Pwd={a;b};Encrypt=yes', 'Server=db;Pwd=***;Encrypt=yes'],
      ['AccountName=a;AccountKey=ab+/c==;EndpointSuffix=x', 'AccountName=a;AccountKey=***;EndpointSuffix=x'],
      ['connect postgres://ada:hunter2@db:5432/app failed', 'connect postgres://db:5432/app failed'],
      ['GET https://a.example/x?token=abc&n=1', 'GET https://a.example/x?token=***&n=***'],
      [`verified ${JWT}.`, 'verified ***'],
      ['key AKIAIOSFODNN7EXAMPLE used', 'key *** used'],
      ['ghp_0123456789abcdefghijABCDEFGHIJ0123', '***'],
      ['xoxb-123456789012-abcdef', '***'],
      ['sk_live_0123456789abcdef', '***'],
      [`key fc_${'aB3-_'.repeat(9).slice(0, 43)} of this service`, 'key *** of this service'],
      ['SG.abcdefghijklmnop.qrstuvwxyz', '***'],
      ['glpat-0123456789abcdefghij', '***'],
      [`before ${PEM} after`, 'before -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- after'],
      ['-----BEGIN PRIVATE KEY-----\nMIIE', '-----BEGIN PRIVATE KEY-----***'],
    ])('shows %j as %j', (text, shown) => {
      expect(redactor.scrub(text)).toBe(shown);
    });

    it.each([
      'Unexpected token } in JSON at position 3',
      'The password must be at least 8 characters long',
      'password: must be at least 8 characters long',
      'token: null',
      'wrong password for user: ada',
      'author: Ada Lovelace, passenger: 2, compass=north',
      'Bearer authentication failed',
      'Basic information about the order',
      'WWW-Authenticate: Bearer realm="api"',
      'Started at 2026-11-30T18:16:49.123Z by https://a.example/b/c:d',
      'invoice:6:0190c2a5-7a3e-7cc1-9d6e-3b2f4a5c6d7e',
      'tokenCount=12, shipping: yes, cookiesAccepted=true',
      'a == b, c => d, e := f, ::, =, :',
      'eyes and keys.of.some.kind and eyeliner.com',
      'sk-short, SG.x, ghp_, AKIA, npm_config',
      'ada.lovelace@example.com',
      'step 1 of 2 -- done',
      'a <b>bold</b> word',
      '-----',
      'é: ü = ß',
      'next=%2Fprocess%3Fpage%3D2',
    ])('does not change %j', (text) => {
      expect(redactor.scrub(text)).toBe(text);
    });

    it.each([
      '{"password":"hunter2"}',
      '[{"name":"password","value":"hunter2"}]',
      '{"a":"{\\"b\\":\\"{\\\\\\"token\\\\\\":\\\\\\"hunter2\\\\\\"}\\"}"}',
      '{"password":{"type":"String","value":"hunter2"}}',
    ])('hides the secrets of JSON in a text: %s', (text) => {
      const shown = redactor.scrub(text);
      expect(shown).not.toContain('hunter2');
      expect(JSON.parse(shown)).toBeDefined();
    });

    it('returns JSON in a text as it is if it has no secret, with all digits of its numbers', () => {
      const text = '{ "id": 12345678901234567890, "author": "Ada" }';
      expect(redactor.scrub(text)).toBe(text);
    });

    const LENGTH = 262_144;
    const filled = (unit: string): string => unit.repeat(Math.ceil(LENGTH / unit.length)).slice(0, LENGTH);
    it.each([
      ...[
        '=',
        ':',
        '"',
        '\\',
        '{',
        '[',
        ' ',
        'a',
        '-',
        '<',
        '<a',
        '<a ',
        '<a>',
        '-----BEGIN ',
        '://',
        'a://',
        'ey',
      ],
      ...[
        'password=',
        'password="',
        'password={',
        'password: ',
        'pin:)',
        'pin=)',
        ';pwd=',
        '"token":',
        '\\"pin\\":\\"',
      ],
      ...[
        'Bearer ',
        'Bearer a',
        'Basic aB',
        '--password ',
        '--a ',
        'eyJ',
        'eyJa.',
        'ghp_',
        'sk-',
        'AKIA',
        'SG.',
        'xoxb-',
      ],
      ...[
        'a b c ',
        'cookie: ',
        'authorization: ',
        'password=a,b',
        'password=a;b ',
        '{"a":',
        '[[',
        '{"password":{',
        'a,',
        ';a ',
      ],
    ])('takes linear time for a long text of %j', (unit) => {
      // In quadratic time this would take minutes.
      for (const text of [
        filled(unit),
        `password=${filled(unit)}`,
        `{"password":${filled(unit)}`,
        `x: ${filled(unit)}=`,
      ])
        expect(redactor.scrub(text).length).toBeLessThanOrEqual(4 * LENGTH);
    });

    it('shows no assigned secret, whatever is around it', () => {
      const before = fc.stringMatching(/^[a-z {}[\],;.\n"']{0,20}$/);
      const after = fc.stringMatching(/^(?:[&\s"'<][a-zA-Z0-9 =:;,."']{0,20})?$/);
      const assigned = fc.constantFrom(
        'password=',
        'pwd: ',
        '"token":"',
        "secret='",
        ';Password=',
        '--api-key ',
      );
      fc.assert(
        fc.property(before, assigned, after, (head, name, tail) => {
          expect(redactor.scrub(`${head} ${name}${SECRET}${tail}`)).not.toContain(SECRET);
        }),
      );
    });
  });

  describe('of values', () => {
    const shown = (value: unknown): unknown => redactor.redact(value);

    it('returns a value without secrets as it is', () => {
      const value = { author: 'Ada', tokens_used: 3, list: [1, 'a', { value: 1, name: 'count' }], at: null };
      expect(shown(value)).toBe(value);
    });

    it.each([
      [
        'pairs of a name and a value',
        { name: 'password', value: SECRET },
        { name: 'password', value: '[redacted]' },
      ],
      [
        'pairs with capital letters',
        { Name: 'Password', Value: SECRET },
        { Name: 'Password', Value: '[redacted]' },
      ],
      [
        'pairs with other members',
        [{ key: 'X-Api-Key', val: SECRET }],
        [{ key: 'X-Api-Key', val: '[redacted]' }],
      ],
      [
        'headers of an archive',
        { name: 'Cookie', values: [SECRET] },
        { name: 'Cookie', values: '[redacted]' },
      ],
      ['variables of the engine', { pin: { value: SECRET, type: 'String' } }, { pin: '[redacted]' }],
      [
        'lists of header pairs',
        {
          headers: [
            ['Authorization', `Bearer ${SECRET}`],
            ['Accept', 'text/html'],
          ],
        },
        {
          headers: [
            ['Authorization', '[redacted]'],
            ['Accept', 'text/html'],
          ],
        },
      ],
      [
        'flat lists of headers',
        ['Host', 'a', 'cookie', `sid=${SECRET}`, 'Accept', 'b'],
        ['Host', 'a', 'cookie', '[redacted]', 'Accept', 'b'],
      ],
      ['numbers', { otp: 123_456 }, { otp: '[redacted]' }],
      ['strings inside', { note: `password=${SECRET}` }, { note: 'password=***' }],
      ['JSON inside strings', { body: `{"token":"${SECRET}"}` }, { body: '{"token":"[redacted]"}' }],
      ['strings of a list', ['a', `Bearer ${SECRET}`], ['a', 'Bearer ***']],
      ['strings that objects wrap', { a: new String(`pwd=${SECRET}`) }, { a: 'pwd=***' }],
    ])('hides secrets of %s', (_what, value, expected) => {
      expect(shown(value)).toEqual(expected);
      expect(JSON.stringify(shown(value))).not.toContain(SECRET);
    });

    it('shows that there is a secret: true, false and null', () => {
      const value = { password: true, token: null, secret: false };
      expect(shown(value)).toEqual(value);
    });

    it('keeps a member named __proto__ a member', () => {
      const value = JSON.parse('{"__proto__":{"a":1},"pwd":"x"}') as unknown;
      expect(JSON.stringify(shown(value))).toBe('{"__proto__":{"a":1},"pwd":"[redacted]"}');
    });

    it('hides in the JSON form of a value that is its own form, or has the same method again', () => {
      class Account {
        readonly password = SECRET;
        readonly owner = { name: 'ada', pin: 1234 };

        toJSON(): unknown {
          return this;
        }
      }
      const copying = {
        password: SECRET,
        n: 1,
        toJSON(): unknown {
          return { ...this };
        },
      };
      const hidden = { password: '[redacted]', owner: { name: 'ada', pin: '[redacted]' } };
      const form = (value: unknown): unknown => JSON.parse(JSON.stringify(shown(value)));
      expect(form(new Account())).toEqual(hidden);
      expect(form({ accounts: [new Account()] })).toEqual({ accounts: [hidden] });
      expect(form({ copying })).toEqual({ copying: { password: '[redacted]', n: 1 } });
    });

    it('does not change the given value', () => {
      const value = { a: [{ password: SECRET }] };
      shown(value);
      expect(value).toEqual({ a: [{ password: SECRET }] });
    });

    it('hides the same whether or not the value is copied for another reason', () => {
      const json = fc.jsonValue({ maxDepth: 4 });
      fc.assert(
        fc.property(json, (value) => {
          const alone = JSON.stringify(shown(value));
          const beside = JSON.stringify((shown([value, { password: 'x' }]) as unknown[])[0]);
          expect(alone).toBe(beside);
        }),
      );
    });
  });

  describe('with paths', () => {
    const withPaths = new Redactor({ paths: ['taxId', 'customer.email', 'orders.*.note', 'card.*'] });

    it('hides them at any depth, in lists too, and nothing else', () => {
      const value = {
        taxId: 1,
        taxIds: 2,
        customer: { email: 'a', name: 'b' },
        email: 'c',
        list: [{ customer: [{ email: 'd' }] }],
        orders: { first: { note: 'e', id: 1 } },
        card: { holder: 'f', number: 1 },
      };
      expect(withPaths.redact(value)).toEqual({
        taxId: '[redacted]',
        taxIds: 2,
        customer: { email: '[redacted]', name: 'b' },
        email: 'c',
        list: [{ customer: [{ email: '[redacted]' }] }],
        orders: { first: { note: '[redacted]', id: 1 } },
        card: { holder: '[redacted]', number: '[redacted]' },
      });
    });

    it('hides them in texts', () => {
      expect(withPaths.scrub('taxId=12 customer.email=a@b.c email=d@e.f')).toBe(
        'taxId=*** customer.email=*** email=d@e.f',
      );
      expect(withPaths.scrub('{"customer":{"email":"a@b.c"}}')).toBe('{"customer":{"email":"[redacted]"}}');
    });
  });
});
