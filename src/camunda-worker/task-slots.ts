/** The parallel limit that all polls of this service share: a slot is a task that runs, or that a poll may bring. */
export class TaskSlots {
  private used = 0;
  private waiting: (() => void)[] = [];

  /** @param capacity tasks that run at the same time (`CAMUNDA_MAX_TASKS`) */
  constructor(readonly capacity: number) {}

  get free(): number {
    return this.capacity - this.used;
  }

  /**
   * Takes slots for a poll: half of the free ones while another poll may want its part, at least one.
   *
   * @param signal aborts the wait for a slot
   * @returns how many, 0 where the wait was aborted
   */
  async take(share: number, signal: AbortSignal): Promise<number> {
    while (this.free === 0 && !signal.aborted) await this.freed(signal);
    if (signal.aborted) return 0;
    const taken = Math.max(1, Math.min(this.free, Math.ceil(this.capacity * share)));
    this.used += taken;
    return taken;
  }

  release(count: number): void {
    if (count === 0) return;
    this.used -= count;
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  private freed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done, { once: true });
      this.waiting.push(done);
    });
  }
}
