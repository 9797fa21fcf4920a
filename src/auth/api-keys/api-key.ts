import { createHash, randomBytes } from 'node:crypto';

/** The begin of each key, by which scanners for secrets find one in a repository or a log. */
const PREFIX = 'fc_';

/** Bytes of a key: too many to guess, so that a plain hash protects it in the file. */
const KEY_BYTES = 32;

/** Creates a random API key: `fc_` and 256 bits in base64url. */
export function createApiKey(): string {
  return `${PREFIX}${randomBytes(KEY_BYTES).toString('base64url')}`;
}

/** The SHA-256 of a key; the key file has it in hex. */
export function digestOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
