import { EventEmitter } from 'node:events';

/** Tells when work is given up: an `AbortSignal`, or what does the same for less. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** What undici takes as `signal` beside an `AbortSignal`, which costs twenty times as much (decision 0017). */
class LimitSignal extends EventEmitter {
  aborted = false;

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.emit('abort');
  }
}

/** Aborts a request at its time-out or with whoever it is made for, and says which of the two it was. */
export class RequestLimit {
  /** For undici. */
  readonly signal = new LimitSignal();
  private readonly timer: NodeJS.Timeout;
  private readonly callers: readonly AbortSignalLike[];
  private late = false;

  /** @param callers what ends the request early; those that are absent do not */
  constructor(
    readonly timeoutMs: number,
    ...callers: readonly (AbortSignalLike | undefined)[]
  ) {
    this.timer = setTimeout(() => {
      this.late = true;
      this.signal.abort();
    }, timeoutMs);
    this.callers = callers.filter((caller) => caller !== undefined);
    for (const caller of this.callers) {
      if (caller.aborted) this.signal.abort();
      else caller.addEventListener('abort', this.abort, { once: true });
    }
  }

  /** True where the time was over before a caller gave up. */
  get timedOut(): boolean {
    return this.late;
  }

  /**
   * Settles with the request, or rejects once it is aborted: undici says nothing of that while it connects, which a
   * partner that drops packets draws out for seconds. It sends nothing afterwards.
   */
  orAborted<T>(request: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        reject(new Error('The request was aborted.'));
      };
      if (this.signal.aborted) abort();
      else this.signal.once('abort', abort);
      request.then(resolve, reject);
    });
  }

  /** To be called when the request has ended: lets go of timer and signals. */
  clear(): void {
    clearTimeout(this.timer);
    for (const caller of this.callers) caller.removeEventListener('abort', this.abort);
  }

  private readonly abort = (): void => {
    clearTimeout(this.timer);
    this.signal.abort();
  };
}
