/** Returns the bytes to the budget; further calls have no effect. */
export type Release = () => void;

interface Waiting {
  readonly bytes: number;
  readonly admit: (release: Release | null) => void;
}

/** Limits the bytes of the request bodies in memory; requests beyond the limit wait in order. */
export class BodyBudget {
  private used = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly maxBytes: number,
    private readonly waitMs: number,
  ) {}

  /** Bytes of the bodies in memory. */
  get bytes(): number {
    return this.used;
  }

  /**
   * Waits for free bytes and takes them. A body that is larger than the whole budget waits until no other is in memory.
   *
   * @returns null if the wait timed out or `signal` aborted
   */
  take(bytes: number, signal: AbortSignal): Promise<Release | null> {
    const wanted = Math.min(bytes, this.maxBytes);
    if (this.waiting.size === 0 && this.used + wanted <= this.maxBytes) {
      return Promise.resolve(this.taken(wanted));
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        waiting.admit(null);
        this.admitNext();
      };
      const timer = setTimeout(giveUp, this.waitMs);
      const waiting: Waiting = {
        bytes: wanted,
        admit: (release) => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          this.waiting.delete(waiting);
          resolve(release);
        },
      };
      this.waiting.add(waiting);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  private taken(bytes: number): Release {
    let left = bytes;
    this.used += bytes;
    return () => {
      this.used -= left;
      left = 0;
      // On a later turn of the event loop, so that other work runs between two large bodies.
      setImmediate(() => {
        this.admitNext();
      });
    };
  }

  private admitNext(): void {
    for (const waiting of this.waiting) {
      if (this.used + waiting.bytes > this.maxBytes) return;
      waiting.admit(this.taken(waiting.bytes));
    }
  }
}
