interface Taker {
  readonly amount: number;
  readonly resolve: () => void;
}

/**
 * Limits the work that all callers together do in one turn of the event loop.
 *
 * Reads of SQLite and writes to a socket with room finish without a turn, so many of them in sequence would keep timers
 * and other requests waiting.
 */
export class TurnBudget {
  private taken = 0;
  private isScheduled = false;
  private waiting: Taker[] = [];

  /** @param limit amount for each turn, in the unit of the caller, for example bytes */
  constructor(private readonly limit: number) {}

  /**
   * Returns at once if this turn has room, otherwise in a later turn; in the order of the calls.
   *
   * An amount above the limit gets a turn of its own.
   */
  async take(amount: number): Promise<void> {
    if (this.waiting.length === 0 && this.hasRoom(amount)) {
      this.add(amount);
      return;
    }
    await new Promise<void>((resolve) => {
      this.waiting.push({ amount, resolve });
    });
  }

  private hasRoom(amount: number): boolean {
    return this.taken === 0 || this.taken + amount <= this.limit;
  }

  private add(amount: number): void {
    this.taken += amount;
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.beginTurn();
    });
  }

  private beginTurn(): void {
    this.taken = 0;
    this.isScheduled = false;
    let count = 0;
    for (const { amount, resolve } of this.waiting) {
      if (!this.hasRoom(amount)) break;
      this.add(amount);
      resolve();
      count += 1;
    }
    this.waiting.splice(0, count);
  }
}
