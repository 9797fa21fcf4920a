import { createSecureContext, type SecureContext } from 'node:tls';
import { generate } from 'selfsigned';

/** A certificate for loopback, created for each run. */
export interface TestCertificate {
  readonly context: SecureContext;
  /** The certificate that a client has to trust, as PEM. */
  readonly pem: string;
}

/** Creates a self-signed certificate for `localhost` and 127.0.0.1. */
export async function makeCertificate(): Promise<TestCertificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
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
  return { context: createSecureContext({ key, cert }), pem: cert };
}
