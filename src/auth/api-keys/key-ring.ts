import { timingSafeEqual } from 'node:crypto';
import { digestOf } from './api-key.js';
import type { ApiKeyEntry } from './key-file.js';

interface RingEntry extends ApiKeyEntry {
  readonly digest: Buffer;
}

/** The API keys in force. A look-up costs one hash, however many keys there are. */
export class KeyRing {
  private readonly bySha256: ReadonlyMap<string, RingEntry>;

  constructor(entries: readonly ApiKeyEntry[]) {
    this.bySha256 = new Map(
      entries.map((entry) => [entry.sha256, { ...entry, digest: Buffer.from(entry.sha256, 'hex') }]),
    );
  }

  get size(): number {
    return this.bySha256.size;
  }

  /**
   * Finds the entry of a key; null if there is none.
   *
   * The time depends on the hash of the key, never on the key: who measures it learns nothing about another key, because
   * nobody can choose a key by its hash. The comparison of the whole digest takes the same time for all.
   */
  find(key: string): ApiKeyEntry | null {
    const digest = digestOf(key);
    const entry = this.bySha256.get(digest.toString('hex'));
    return entry !== undefined && timingSafeEqual(entry.digest, digest) ? entry : null;
  }
}
