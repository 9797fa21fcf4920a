import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import type { TlsFilesConfig } from './configuration.types.js';

/** Certificates and key as `tls.connect` takes them. */
export interface TlsMaterial {
  readonly ca?: string[];
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** True if the path is a file that this user can read. */
export function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** A fault of a file; the message begins with the last part of its variable, for example `CERT_FILE must …`. */
class TlsFileError extends Error {
  override readonly name = 'TlsFileError';
}

/**
 * Reads and checks the files: each is PEM, and the key belongs to the certificate.
 *
 * @throws TlsFileError for files that do not fit, and the error of the operating system for a file that cannot be read
 */
export function readTlsFiles({ caFile, certFile, keyFile, passphrase }: TlsFilesConfig): TlsMaterial {
  const ca = caFile === null ? {} : { ca: certificatesOf(caFile, 'CA_FILE') };
  if (certFile === null || keyFile === null) return ca;
  const [own] = certificatesOf(certFile, 'CERT_FILE');
  const cert = readFileSync(certFile, 'utf8');
  const key = readFileSync(keyFile, 'utf8');
  const secret = passphrase === null ? {} : { passphrase: passphrase.reread() };
  if (!new X509Certificate(own ?? '').checkPrivateKey(privateKeyOf(key, keyFile, secret)))
    throw new TlsFileError(`KEY_FILE must be the key of the certificate; ${keyFile} is another one`);
  return { ...ca, cert, key, ...secret };
}

/** The certificates of a file; only the first is checked in detail. */
function certificatesOf(path: string, variable: string): string[] {
  const found = readFileSync(path, 'utf8').match(CERTIFICATE) ?? [];
  try {
    if (found.length === 0) throw new Error('no certificate');
    for (const pem of found) new X509Certificate(pem);
  } catch (cause) {
    throw new TlsFileError(`${variable} must be a file with certificates in PEM form; ${path} is not`, {
      cause,
    });
  }
  return found;
}

function privateKeyOf(key: string, path: string, secret: { readonly passphrase?: string }) {
  try {
    return createPrivateKey({ key, ...secret });
  } catch (cause) {
    if (/^-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
      const fault =
        secret.passphrase === undefined
          ? `must be set: the key in ${path} is encrypted`
          : `must be the passphrase of ${path}; it is another one`;
      throw new TlsFileError(`KEY_PASSPHRASE ${fault}`, { cause });
    }
    throw new TlsFileError(`KEY_FILE must be a file with a private key in PEM form; ${path} is not`, {
      cause,
    });
  }
}

/** A sentence that names the variable of a file that cannot be used; null if all can. @param prefix of the variables */
export function tlsFilesFault(files: TlsFilesConfig, prefix: string): string | null {
  for (const [path, variable] of [
    [files.caFile, 'CA_FILE'],
    [files.certFile, 'CERT_FILE'],
    [files.keyFile, 'KEY_FILE'],
  ] as const) {
    if (path !== null && !isReadable(path))
      return `${prefix}_${variable} must be a file that this user can read; ${path} is not.`;
  }
  try {
    readTlsFiles(files);
    return null;
  } catch (error) {
    return `${prefix}_${error instanceof Error ? error.message : String(error)}.`;
  }
}
