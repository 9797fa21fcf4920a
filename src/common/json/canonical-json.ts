import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/**
 * The RFC 8785 canonical form of a JSON value; equal values have equal texts.
 *
 * @throws TypeError if the value is not JSON
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (typeof text !== 'string') throw new TypeError('Only JSON values have a canonical form.');
  return text;
}

/** SHA-256 over the canonical form of a JSON value, as 64 hexadecimal digits. */
export function canonicalHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
