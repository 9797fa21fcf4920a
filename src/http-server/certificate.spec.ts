import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { makeCertificate, type TestCertificate } from '../../test/support/certificate.js';
import type { ServerTlsConfig } from '../config/index.js';
import { checkPair, validityFault } from './certificate.js';

const TLS: ServerTlsConfig = { certFile: 'cert.pem', keyFile: 'key.pem', minVersion: 'TLSv1.2' };

describe('a pair of certificate and key', () => {
  let own: TestCertificate;
  let other: TestCertificate;

  beforeAll(async () => {
    own = await makeCertificate();
    other = await makeCertificate();
  });

  const check = (cert: string, key: string) =>
    checkPair({ cert: Buffer.from(cert), key: Buffer.from(key) }, TLS);

  it('is described by its first certificate', () => {
    expect(check(`${own.pem}\n${other.pem}`, own.key)).toEqual({
      subject: 'CN=localhost',
      validTo: expect.stringMatching(/ GMT$/),
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    });
  });

  it.each<[string, () => [string, string], RegExp]>([
    [
      'the key of another certificate',
      () => [own.pem, other.key],
      /^TLS_KEY_FILE is not the key of the first/,
    ],
    [
      'a key of another kind',
      () => [
        own.pem,
        generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      ],
      /^TLS_KEY_FILE is not the key of the first/,
    ],
    ['an intermediate first', () => [`${other.pem}\n${own.pem}`, own.key], /before its intermediates\.$/],
    [
      'swapped files',
      () => [own.key, own.pem],
      /^TLS_CERT_FILE does not begin with a certificate: put .+; the key belongs into TLS_KEY_FILE\. /,
    ],
    ['no key', () => [own.pem, own.pem], /^TLS_KEY_FILE does not have a private key: /],
    ['an empty certificate', () => ['', own.key], /^TLS_CERT_FILE has nothing in PEM format/],
    ['an empty key', () => [own.pem, '\n'], /^TLS_KEY_FILE has nothing in PEM format/],
    ['half a certificate', () => [own.pem.slice(0, 500), own.key], /^TLS_CERT_FILE is incomplete/],
    [
      'half an intermediate',
      () => [`${own.pem}\n${other.pem.slice(0, 500)}`, own.key],
      /^TLS_CERT_FILE is incomplete/,
    ],
    ['half a key', () => [own.pem, own.key.slice(0, 500)], /^TLS_KEY_FILE is incomplete/],
    ['damaged content', () => [own.pem.replaceAll('M', '!'), own.key], /^TLS_CERT_FILE does not begin/],
    [
      'a key with a passphrase',
      () => [
        own.pem,
        createPrivateKey(own.key)
          .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
          .toString(),
      ],
      /^TLS_KEY_FILE has a passphrase: store the key without one/,
    ],
  ])('is refused with %s, and the message names the variable', (_what, pair, message) => {
    expect(() => check(...pair())).toThrow(message);
  });

  it('is refused if OpenSSL refuses it, for example because of its second certificate', () => {
    const chain = `${own.pem}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`;
    expect(() => check(chain, own.key)).toThrow(/^TLS_CERT_FILE and TLS_KEY_FILE cannot be used: /);
  });

  it('has a fault before and after its time', async () => {
    const day = 86_400_000;
    const notBeforeDate = new Date('2026-01-01T00:00:00Z');
    const notAfterDate = new Date('2026-02-01T00:00:00Z');
    const { pem, key } = await makeCertificate({ notBeforeDate, notAfterDate });
    const pair = { cert: Buffer.from(pem), key: Buffer.from(key) };
    expect(validityFault(pair, notBeforeDate.getTime() - day)).toMatch(/is not valid before Jan\s+1 /);
    expect(validityFault(pair, notBeforeDate.getTime() + day)).toBeNull();
    expect(validityFault(pair, notAfterDate.getTime() + day)).toMatch(/expired at Feb\s+1 /);
  });
});
