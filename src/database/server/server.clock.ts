/** How often the clocks are compared, in ms. */
const EVERY_MS = 30_000;

/** A longer answer is not used: half of its duration may be the error of the comparison, in ms. */
const LONGEST_ANSWER_MS = 1_000;

/** The clock of a database server, read from memory. */
export class ServerClock {
  /** Milliseconds from the monotonic clock of this process to the time of the server; null before the first answer. */
  private offsetMs: number | null = null;
  private latest = -Infinity;
  private readonly timer: NodeJS.Timeout;

  /** @param ask reads the time of the server */
  constructor(private readonly ask: () => Promise<Date>) {
    this.timer = setInterval(() => {
      // While the server is away, the last comparison counts.
      void this.compare().catch(() => undefined);
    }, EVERY_MS);
    this.timer.unref();
  }

  /** Compares the clocks; half of the duration of the answer is the largest error. */
  async compare(): Promise<void> {
    const before = performance.now();
    const time = (await this.ask()).getTime();
    const after = performance.now();
    if (this.offsetMs !== null && after - before > LONGEST_ANSWER_MS) return;
    this.offsetMs = time - (before + after) / 2;
  }

  /**
   * The time of the server, with the precision of the last comparison. A correction of less than a second never makes it
   * earlier, so that an event is not older than the outcome before it; a server whose clock is behind by more does.
   */
  now(): Date {
    const now = this.offsetMs === null ? Date.now() : Math.round(performance.now() + this.offsetMs);
    const isCorrection = now < this.latest && this.latest - now < LONGEST_ANSWER_MS;
    if (!isCorrection) this.latest = now;
    return new Date(this.latest);
  }

  close(): void {
    clearInterval(this.timer);
  }
}
