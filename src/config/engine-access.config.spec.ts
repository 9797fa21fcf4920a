import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type KeyPair, TestAuthority } from '../../test/support/certificates.js';
import { ConfigurationError, createConfiguration } from './configuration.js';
import { describeConfiguration } from './configuration.description.js';

const HTTP = { CAMUNDA_BASE_URL: 'http://camunda/engine-rest' };
const HTTPS = { CAMUNDA_BASE_URL: 'https://camunda/engine-rest' };
const OAUTH = {
  ...HTTP,
  CAMUNDA_AUTH: 'oauth2',
  CAMUNDA_TOKEN_URL: 'https://idp/token',
  CAMUNDA_CLIENT_ID: 'api',
  CAMUNDA_CLIENT_SECRET: 'hunter2',
};

let folder: string;
let pair: KeyPair;
let other: KeyPair;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  const authority = await TestAuthority.create();
  [pair, other] = await Promise.all([authority.issue('api'), authority.issue('other')]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function fileOf(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function faultsOf(variables: Record<string, string>): readonly string[] {
  try {
    createConfiguration(variables);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).not.toContain('hunter2');
    return error.faults;
  }
  return [];
}

describe('CAMUNDA_AUTH', () => {
  it('is basic if the base URL has a user, otherwise none', () => {
    expect(createConfiguration(HTTP).camunda.auth).toEqual({ mode: 'none' });
    const { auth } = createConfiguration({ CAMUNDA_BASE_URL: 'http://me:p%40ss@camunda' }).camunda;
    expect(auth).toMatchObject({ mode: 'basic', username: 'me', inUrl: true });
    expect(auth.mode === 'basic' && auth.password.value).toBe('p@ss');
  });

  it.each([
    ['basic', { CAMUNDA_AUTH: 'basic', CAMUNDA_USERNAME: 'me', CAMUNDA_PASSWORD: 'hunter2' }],
    ['bearer', { CAMUNDA_AUTH: 'bearer', CAMUNDA_TOKEN: 'hunter2' }],
    ['oauth2', OAUTH],
  ])('keeps the secret of %s out of the log of the configuration', (mode, variables) => {
    const configuration = createConfiguration({ ...HTTP, ...variables });
    expect(configuration.camunda.auth.mode).toBe(mode);
    const shown = describeConfiguration(configuration);
    expect(JSON.stringify(shown)).toContain('***');
    for (const text of [
      JSON.stringify(shown),
      JSON.stringify(configuration),
      inspect(configuration, { depth: 9 }),
    ])
      expect(text).not.toContain('hunter2');
  });

  it.each<[Record<string, string>, readonly string[]]>([
    [
      { ...HTTP, CAMUNDA_AUTH: 'basic' },
      [
        'CAMUNDA_USERNAME must be set for CAMUNDA_AUTH=basic.',
        'CAMUNDA_PASSWORD must be set for CAMUNDA_AUTH=basic.',
      ],
    ],
    [{ ...HTTP, CAMUNDA_AUTH: 'bearer' }, ['CAMUNDA_TOKEN must be set for CAMUNDA_AUTH=bearer.']],
    [
      { ...OAUTH, CAMUNDA_TOKEN_URL: '', CAMUNDA_CLIENT_SECRET: '' },
      [
        'CAMUNDA_TOKEN_URL must be set for CAMUNDA_AUTH=oauth2.',
        'CAMUNDA_CLIENT_SECRET must be set for CAMUNDA_AUTH=oauth2.',
      ],
    ],
    [
      { ...HTTP, CAMUNDA_TOKEN: 'hunter2' },
      ['CAMUNDA_TOKEN is used only with CAMUNDA_AUTH=bearer: set that, or unset CAMUNDA_TOKEN.'],
    ],
    [
      { ...OAUTH, CAMUNDA_BASE_URL: 'http://me:hunter2@camunda' },
      [
        'CAMUNDA_BASE_URL must have no user and password with CAMUNDA_AUTH=oauth2: the service would not send them.',
      ],
    ],
    [
      { CAMUNDA_BASE_URL: 'http://me:hunter2@camunda', CAMUNDA_USERNAME: 'me' },
      ['CAMUNDA_BASE_URL must have no user and password beside CAMUNDA_USERNAME and CAMUNDA_PASSWORD.'],
    ],
    [
      { ...HTTP, CAMUNDA_AUTH: 'basic', CAMUNDA_USERNAME: 'a:b', CAMUNDA_PASSWORD: 'hunter2' },
      ['CAMUNDA_USERNAME must have no colon: basic authentication cannot send it.'],
    ],
    [
      { ...HTTP, CAMUNDA_AUTH: 'bearer', CAMUNDA_TOKEN: 'Bearer hunter2' },
      ['CAMUNDA_TOKEN must be one token without spaces and line breaks, and without "Bearer".'],
    ],
    [
      { CAMUNDA_AUTH: 'bearer', CAMUNDA_TOKEN: 'hunter2' },
      [
        'CAMUNDA_AUTH needs CAMUNDA_BASE_URL: without it the service runs the embedded engine.',
        'CAMUNDA_TOKEN needs CAMUNDA_BASE_URL: without it the service runs the embedded engine.',
      ],
    ],
  ])('refuses %j', (variables, faults) => {
    expect(faultsOf(variables)).toEqual(faults);
  });
});

describe('a secret in a file', () => {
  const bearer = (file: string) => ({ ...HTTP, CAMUNDA_AUTH: 'bearer', CAMUNDA_TOKEN_FILE: file });
  const tokenOf = (file: string): string | null => {
    const { auth } = createConfiguration(bearer(file)).camunda;
    return auth.mode === 'bearer' ? auth.token.value : null;
  };

  it.each(['token', 'token\n', 'token\r\n', '\ufefftoken\n\n'])(
    'is read without its last line breaks: %j',
    (text) => {
      expect(tokenOf(fileOf('token', text))).toBe('token');
    },
  );

  it('keeps spaces and inner line breaks of a password', () => {
    const file = fileOf('password', ' a\nb \n');
    const server = { DB_HOST: 'db', DB_NAME: 'n', DB_USER: 'u' };
    expect(createConfiguration({ ...server, DB_PASSWORD_FILE: file }).database.server?.password).toBe(
      ' a\nb ',
    );
  });

  it('can be every variable that may hold a secret', () => {
    const file = fileOf('url', 'https://key:hunter2@partner/x\n');
    const { partners } = createConfiguration({
      BACKGROUND_CHECK_URL_FILE: file,
      HTTP_PROXY_FILE: fileOf('proxy', 'http://me:hunter2@proxy:1\n'),
    });
    expect([partners.backgroundCheckUrl, partners.proxies.http]).toEqual([
      'https://key:hunter2@partner/x',
      'http://me:hunter2@proxy:1',
    ]);
  });

  it.each<[string, () => Record<string, string>, string]>([
    [
      'beside the variable itself',
      () => ({ ...bearer(fileOf('both', 'x')), CAMUNDA_TOKEN: 'hunter2' }),
      'CAMUNDA_TOKEN and CAMUNDA_TOKEN_FILE must not both be set: unset one of them.',
    ],
    [
      'that does not exist',
      () => bearer('/nowhere/token'),
      'CAMUNDA_TOKEN_FILE must be a file that this user can read; /nowhere/token is not (ENOENT).',
    ],
    [
      'that is a folder',
      () => bearer('/tmp'),
      'CAMUNDA_TOKEN_FILE must be a file that this user can read; /tmp is not (EISDIR).',
    ],
    [
      'that is empty',
      () => bearer(fileOf('empty', '\n')),
      'CAMUNDA_TOKEN_FILE must be a file with the secret; <folder>/empty is empty.',
    ],
    [
      'that is large',
      () => bearer(fileOf('large', 'x'.repeat(70_000))),
      'CAMUNDA_TOKEN_FILE must be a file of at most 65536 bytes; <folder>/large is larger.',
    ],
  ])('is refused %s', (_, variables, fault) => {
    expect(faultsOf(variables())).toEqual([fault.replace('<folder>', folder)]);
  });

  it('is read again when asked, and stays as it was while the file is missing or empty', () => {
    const file = fileOf('rotated', 'one\n');
    const { auth } = createConfiguration(bearer(file)).camunda;
    if (auth.mode !== 'bearer') throw new Error('not bearer');
    writeFileSync(file, 'two\n');
    expect([auth.token.value, auth.token.reread(), auth.token.value]).toEqual(['one', 'two', 'two']);
    writeFileSync(file, '');
    expect(auth.token.reread()).toBe('two');
    rmSync(file);
    expect(auth.token.reread()).toBe('two');
  });
});

describe('CAMUNDA_TLS_*', () => {
  it('takes CA, certificate and an encrypted key', () => {
    const key = createPrivateKey(pair.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'hunter2',
    });
    const files = {
      ...HTTPS,
      CAMUNDA_TLS_CA_FILE: fileOf('ca.pem', pair.cert),
      CAMUNDA_TLS_CERT_FILE: fileOf('cert.pem', pair.cert),
      CAMUNDA_TLS_KEY_FILE: fileOf('encrypted.pem', key.toString()),
    };
    expect(
      createConfiguration({ ...files, CAMUNDA_TLS_KEY_PASSPHRASE: 'hunter2' }).camunda.tls,
    ).toMatchObject({ certFile: files.CAMUNDA_TLS_CERT_FILE });
    expect(faultsOf({ ...files, CAMUNDA_TLS_KEY_PASSPHRASE: 'another' })).toEqual([
      `CAMUNDA_TLS_KEY_PASSPHRASE must be the passphrase of ${files.CAMUNDA_TLS_KEY_FILE}; it is another one.`,
    ]);
    expect(faultsOf(files)).toEqual([
      `CAMUNDA_TLS_KEY_PASSPHRASE must be set: the key in ${files.CAMUNDA_TLS_KEY_FILE} is encrypted.`,
    ]);
  });

  it('names the variable that does not fit', () => {
    const cert = fileOf('own.pem', pair.cert);
    const key = fileOf('own.key', pair.key);
    const rubbish = fileOf('rubbish.pem', 'hunter2');
    expect([
      faultsOf({ ...HTTP, CAMUNDA_TLS_CA_FILE: cert }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_CERT_FILE: cert }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_KEY_PASSPHRASE: 'hunter2' }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_CA_FILE: '/nowhere' }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_CA_FILE: rubbish }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_CERT_FILE: rubbish, CAMUNDA_TLS_KEY_FILE: key }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_CERT_FILE: cert, CAMUNDA_TLS_KEY_FILE: rubbish }),
      faultsOf({
        ...HTTPS,
        CAMUNDA_TLS_CERT_FILE: cert,
        CAMUNDA_TLS_KEY_FILE: fileOf('other.key', other.key),
      }),
      faultsOf({ ...HTTPS, CAMUNDA_TLS_CERT_FILE: cert, CAMUNDA_TLS_KEY_FILE: key }),
    ]).toEqual([
      ['CAMUNDA_TLS_CA_FILE needs an https:// URL in CAMUNDA_BASE_URL.'],
      ['CAMUNDA_TLS_CERT_FILE and CAMUNDA_TLS_KEY_FILE must be set together.'],
      ['CAMUNDA_TLS_KEY_PASSPHRASE needs CAMUNDA_TLS_KEY_FILE.'],
      ['CAMUNDA_TLS_CA_FILE must be a file that this user can read; /nowhere is not.'],
      [`CAMUNDA_TLS_CA_FILE must be a file with certificates in PEM form; ${rubbish} is not.`],
      [`CAMUNDA_TLS_CERT_FILE must be a file with certificates in PEM form; ${rubbish} is not.`],
      [`CAMUNDA_TLS_KEY_FILE must be a file with a private key in PEM form; ${rubbish} is not.`],
      [
        `CAMUNDA_TLS_KEY_FILE must be the key of the certificate; ${join(folder, 'other.key')} is another one.`,
      ],
      [],
    ]);
  });
});
