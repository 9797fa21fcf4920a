/** How often rounds are made, in ms. */
export interface RoundTimes {
  readonly minMs: number;
  readonly maxMs: number;
}

/** The time between two rounds as a share of the age of the youngest subject. */
const SHARE_OF_AGE = 1 / 10;

/**
 * Makes rounds one after another, in an interval that grows with the age of the youngest subject: a process that has run
 * for minutes rarely changes in the next 50 ms.
 */
export class AdaptiveRounds {
  private timer: NodeJS.Timeout | null = null;
  private dueAt = Infinity;
  private youngestSince = -Infinity;
  private round: Promise<void> | null = null;
  private stopped = false;

  /**
   * @param times a function: they change, from the next round on
   * @param look makes a round; must not reject
   * @param isIdle true if there is nothing to look at: no further round is made until the next subject
   */
  constructor(
    private readonly times: RoundTimes | (() => RoundTimes),
    private readonly look: () => Promise<void>,
    private readonly isIdle: () => boolean,
  ) {}

  /** Notes that a new subject was added. */
  added(): void {
    this.youngestSince = performance.now();
    this.schedule();
  }

  /** Ends the rounds; resolves when the current one has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    await this.round;
  }

  private schedule(): void {
    if (this.stopped || this.round !== null || this.isIdle()) return;
    const now = performance.now();
    const { minMs, maxMs } = typeof this.times === 'function' ? this.times() : this.times;
    const intervalMs = Math.min(Math.max((now - this.youngestSince) * SHARE_OF_AGE, minMs), maxMs);
    // A young subject shortens the interval that an old one has set; none makes it longer.
    if (this.timer !== null && this.dueAt <= now + intervalMs) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.dueAt = now + intervalMs;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.round = this.look().finally(() => {
        this.round = null;
        this.schedule();
      });
    }, intervalMs);
    this.timer.unref();
  }
}
