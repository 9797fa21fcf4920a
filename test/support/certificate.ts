import { createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

/** A certificate for loopback, created for each run. */
export interface TestCertificate {
  readonly context: SecureContext;
  /** The certificate that a client has to trust, as PEM. */
  readonly pem: string;
  /** Its private key, as PEM. */
  readonly key: string;
}

/** Creates a self-signed certificate for `localhost` and 127.0.0.1, by default valid for a year. */
export async function makeCertificate(
  dates: { readonly notBeforeDate?: Date; readonly notAfterDate?: Date } = {},
): Promise<TestCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...dates,
    algorithm: 'sha256',
    keySize: 2_048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { context: createSecureContext({ key, cert }), pem: cert, key };
}
