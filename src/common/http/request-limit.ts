/** Aborts a request at its time-out or with whoever it is made for, and says which of the two it was. */
export class RequestLimit {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly callers: readonly AbortSignal[];
  private late = false;

  /** @param callers signals that end the request early; those that are absent do not */
  constructor(
    readonly timeoutMs: number,
    ...callers: readonly (AbortSignal | undefined)[]
  ) {
    this.timer = setTimeout(() => {
      this.late = true;
      this.controller.abort();
    }, timeoutMs);
    this.callers = callers.filter((caller) => caller !== undefined);
    for (const caller of this.callers) {
      if (caller.aborted) this.controller.abort();
      else caller.addEventListener('abort', this.abort, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** True where the time was over before a caller gave up. */
  get timedOut(): boolean {
    return this.late;
  }

  /** To be called when the request has ended: lets go of timer and signals. */
  clear(): void {
    clearTimeout(this.timer);
    for (const caller of this.callers) caller.removeEventListener('abort', this.abort);
  }

  private readonly abort = (): void => {
    clearTimeout(this.timer);
    this.controller.abort();
  };
}
