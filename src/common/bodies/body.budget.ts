/** Gives its bytes back, once. */
export type Release = () => void;

interface Waiting {
  readonly bytes: number;
  readonly admit: (release: Release | null) => void;
}

/** Counts the bytes of request bodies that are at work; who finds no room waits for it, in order. */
export class BodyBudget {
  private used = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly maxBytes: number,
    private readonly waitMs: number,
  ) {}

  /** Bytes of the bodies at work. */
  get bytes(): number {
    return this.used;
  }

  /**
   * Waits for room, and takes it. A body that is larger than all room waits until it is alone.
   *
   * @returns what gives the room back; null where there was none in time, or `signal` ended the waiting
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
      // In a turn of its own, so that others have theirs between two large bodies.
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
