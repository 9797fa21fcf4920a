import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { BootError } from '../common/errors/index.js';
import type { ServerTlsConfig } from '../config/index.js';

/** A certificate with its intermediates, and its private key, as PEM. */
export interface CertificatePair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** What the log shows of a certificate. */
export interface CertificateFacts {
  readonly subject: string;
  readonly validTo: string;
  /** SHA-256, as OpenSSL prints it. */
  readonly fingerprint: string;
}

/** Certificate and key cannot be used. The message names the variable and the reason; it stops a boot. */
export class CertificateError extends BootError {
  override readonly name = 'CertificateError';
}

/**
 * Checks that a server can use a pair.
 *
 * @throws CertificateError
 */
export function checkPair({ cert, key }: CertificatePair, { minVersion }: ServerTlsConfig): CertificateFacts {
  assertWhole(cert, 'TLS_CERT_FILE');
  assertWhole(key, 'TLS_KEY_FILE');
  const certificate = readCertificate(cert);
  if (!certificate.checkPrivateKey(readKey(key))) {
    throw new CertificateError(
      'TLS_KEY_FILE is not the key of the first certificate in TLS_CERT_FILE: use the key that belongs to it, and put the certificate of the service before its intermediates.',
    );
  }
  try {
    createSecureContext({ cert, key, minVersion });
  } catch (cause) {
    throw new CertificateError(`TLS_CERT_FILE and TLS_KEY_FILE cannot be used: ${messageOf(cause)}.`, {
      cause,
    });
  }
  const { subject, validTo, fingerprint256 } = certificate;
  return { subject: subject.replaceAll('\n', ', '), validTo, fingerprint: fingerprint256 };
}

/** Why a certificate is not valid at a time; null if it is. @param now milliseconds since 1970 */
export function validityFault({ cert }: CertificatePair, now: number): string | null {
  const { validFrom, validTo } = readCertificate(cert);
  if (now < Date.parse(validFrom))
    return `The certificate in TLS_CERT_FILE is not valid before ${validFrom}.`;
  return now > Date.parse(validTo) ? `The certificate in TLS_CERT_FILE expired at ${validTo}.` : null;
}

/** Refuses a file that is still being written: OpenSSL would use a certificate without the rest of its chain. */
function assertWhole(pem: Buffer, variable: string): void {
  const text = pem.toString('latin1');
  const begun = text.match(/-----BEGIN [A-Z0-9 ]+-----/g)?.length ?? 0;
  const ended = text.match(/-----END [A-Z0-9 ]+-----/g)?.length ?? 0;
  if (begun === 0) throw new CertificateError(`${variable} has nothing in PEM format (-----BEGIN …-----).`);
  if (begun !== ended) throw new CertificateError(`${variable} is incomplete: a part of it has no end.`);
}

function readCertificate(cert: Buffer): X509Certificate {
  try {
    return new X509Certificate(cert);
  } catch (cause) {
    throw new CertificateError(
      `TLS_CERT_FILE does not begin with a certificate: put the certificate of the service first (PEM, -----BEGIN CERTIFICATE-----); the key belongs into TLS_KEY_FILE. OpenSSL says: ${messageOf(cause)}.`,
      { cause },
    );
  }
}

function readKey(key: Buffer): KeyObject {
  if (/^(-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED)/m.test(key.toString('latin1'))) {
    throw new CertificateError(
      'TLS_KEY_FILE has a passphrase: store the key without one, readable by this user only.',
    );
  }
  try {
    return createPrivateKey(key);
  } catch (cause) {
    throw new CertificateError(`TLS_KEY_FILE does not have a private key: ${messageOf(cause)}.`, { cause });
  }
}

function messageOf(error: unknown): string {
  return (error as Error).message;
}
