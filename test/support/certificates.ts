import { generate } from 'selfsigned';

/** A certificate with its key, both as PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of a test. */
export class TestAuthority {
  private constructor(private readonly own: KeyPair) {}

  static async create(name = 'test authority'): Promise<TestAuthority> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
      algorithm: 'sha256',
      keySize: 2_048,
      extensions: [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      ],
    });
    return new TestAuthority({ cert, key });
  }

  /** The certificate to trust, as PEM. */
  get cert(): string {
    return this.own.cert;
  }

  /** A certificate for a DNS name, for servers and clients. */
  async issue(name: string): Promise<KeyPair> {
    const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
      algorithm: 'sha256',
      keySize: 2_048,
      ca: this.own,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
      ],
    });
    return { cert, key };
  }
}
