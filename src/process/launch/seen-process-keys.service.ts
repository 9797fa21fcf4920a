import { Injectable } from '@nestjs/common';

/**
 * Upper bound of the remembered keys, and so of the keys in one query to the engine. Clients choose keys, even keys that
 * no engine knows. The next start adds a forgotten key again, and the sweep compares all open rows whatever their key.
 */
const MAX_KEYS = 1_000;

/** Remembers the process keys that may have open processes; the reconciliation queries the engine with them. */
@Injectable()
export class SeenProcessKeysService {
  /** In the order of their last use. */
  private readonly keys = new Set<string>();

  /** Adds a key. Beyond 1 000 keys it forgets the one that was added least recently. */
  add(processKey: string): void {
    this.keys.delete(processKey);
    this.keys.add(processKey);
    for (const oldest of this.keys) {
      if (this.keys.size <= MAX_KEYS) return;
      this.keys.delete(oldest);
    }
  }

  /** The remembered keys, least recently added first. */
  all(): readonly string[] {
    return [...this.keys];
  }
}
