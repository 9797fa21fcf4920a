import { describe, expect, it } from '@jest/globals';
import { DEFAULT_SECRET_NAMES, SecretNames } from './secret-names.js';

describe('SecretNames', () => {
  const names = new SecretNames();

  it.each([
    ...['password', 'PASSWORD', 'password1', 'Password_2', 'userPassword', 'passwordHash', 'passwordhash'],
    ...['pass', 'pass1', 'dbPass', 'DB_PASS', 'pwd', 'pwd2', 'passwd', 'passphrase', 'passcode', 'passwords'],
    ...['token', 'tokens', 'accessToken', 'accesstoken', 'JWTToken', 'id_token', 'refresh-token', 'token2'],
    ...['secret', 'secrets', 'client_secret', 'clientSecrets', 'aws.secret', 'tokenValue'],
    ...[
      'cookie',
      'cookies',
      'Set-Cookie',
      'sessionId',
      'session_id',
      'SESSION-ID',
      'userSessionID',
      'JSESSIONID',
    ],
    ...['auth', 'basicAuth', 'authHeader', 'Authorization', 'Proxy-Authorization', 'jwt', 'jwts', 'bearer'],
    ...['apiKey', 'x-api-key', 'X_API_KEY', 'apikey', 'APIKey', 'api_key_2', 'privateKey', 'private-key'],
    ...['accessKeyId', 'AWS_SECRET_ACCESS_KEY', 'signing_key', 'encryptionKey', 'SharedAccessKey'],
    ...[
      'pin',
      'pin1',
      'cardPin',
      'pinCode',
      'otp',
      'otpCode',
      'totp',
      'cvv',
      'cvv2',
      'cvc',
      'ssn',
      'customerSsn',
    ],
    ...[
      'socialSecurityNumber',
      'iban',
      'debtorIban',
      'IBANs',
      'creditCard',
      'credit_card_number',
      'cardNumber',
    ],
    ...['connectionString', 'connection_string', 'ConnectionStrings', 'credential', 'credentials', 'creds'],
    ...['spring.datasource.password', 'user[password]', '$password', 'oauthToken', 'OAuth2ClientSecret'],
  ])('counts %s as the name of a secret', (name) => {
    expect(names.has(name)).toBe(true);
  });

  it.each([
    ...['author', 'authors', 'authority', 'authored', 'authenticated', 'oauth', 'OAuth2Enabled', 'authType'],
    ...['passenger', 'passengers', 'passed', 'passage', 'compass', 'bypass', 'passport', 'passive'],
    ...['pinned', 'pinnedAt', 'shipping', 'spinner', 'opinion', 'pink', 'pinterest', 'stopPinning'],
    ...[
      'tokenCount',
      'token_type',
      'tokensUsed',
      'tokenExpiresAt',
      'tokenUrl',
      'tokenized',
      'broken',
      'tokyo',
    ],
    ...['cookiesAccepted', 'cookieName', 'cookieless', 'secretary', 'secretaries', 'secretion', 'secretName'],
    ...['passwordPolicy', 'passwordExpiry', 'passwordless', 'passwordFile', 'apiKeyName'],
    ...['sessionIdLength', 'session', 'accredited', 'credit', 'creditLimit', 'sacred', 'key', 'publicKey'],
    ...['processKey', 'businessKey', 'keyboard', 'monkey', 'caliban', 'otpEnabled', 'adopt', 'bearerFormat'],
    ...['userId', 'correlationId', 'name', 'value', 'email', '', '1', '-'],
  ])('does not count %s', (name) => {
    expect(names.has(name)).toBe(false);
  });

  it('judges a name the same when it is asked again', () => {
    for (let round = 0; round < 2; round += 1) {
      expect([names.has('pwd2'), names.has('author')]).toEqual([true, false]);
    }
  });

  it('counts a name that no program has, without a look at it', () => {
    expect([names.has('n'.repeat(255)), names.has('n'.repeat(256))]).toEqual([false, true]);
  });

  it('remembers a bounded number of characters, however many and long the names are', () => {
    const remembered = new Map<string, boolean>();
    const patient = new SecretNames(DEFAULT_SECRET_NAMES);
    Reflect.set(patient, 'judged', remembered);
    const characters = (): number => [...remembered.keys()].reduce((sum, { length }) => sum + length, 0);
    for (const length of [10, 255, 256, 5_000]) {
      for (let n = 0; n < 3_000; n += 1) patient.has(String(n).padEnd(length, 'x'));
      expect(characters()).toBeLessThanOrEqual(2_000 * 255);
    }
    expect(remembered.size).toBeGreaterThan(0);
  });

  it('takes other names instead, in any spelling', () => {
    const others = new SecretNames(['tax-id', 'Kennwort']);
    expect(
      ['taxId', 'TAX_ID', 'customerTaxIds', 'kennwort1', 'meinkennwort'].map((name) => others.has(name)),
    ).toEqual(Array(5).fill(true));
    expect(['password', 'taxidermist', 'syntaxIdea'].map((name) => others.has(name))).toEqual(
      Array(3).fill(false),
    );
  });
});
