import { EventEmitter } from 'node:events';

/** An `AbortSignal`, or a cheaper object with the same members. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** An event emitter that undici accepts as `signal`; an `AbortSignal` costs twenty times as much (decision 0017). */
class LimitSignal extends EventEmitter {
  aborted = false;

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    this.emit('abort');
  }
}

/** Aborts a request at its timeout or with one of the caller's signals, and knows which of the two happened. */
export class RequestLimit {
  /** For undici. */
  readonly signal = new LimitSignal();
  private readonly timer: NodeJS.Timeout;
  private readonly callers: readonly AbortSignalLike[];
  private late = false;

  /** @param callers signals that abort the request early; undefined ones are ignored */
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

  /** True if the timeout elapsed before a caller aborted. */
  get timedOut(): boolean {
    return this.late;
  }

  /**
   * Settles with the request, or rejects as soon as it is aborted. undici alone does not reject while it connects, which
   * takes seconds if the host drops packets; it sends nothing afterwards.
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

  /** Removes timer and listeners; call it when the request has ended. */
  clear(): void {
    clearTimeout(this.timer);
    for (const caller of this.callers) caller.removeEventListener('abort', this.abort);
  }

  private readonly abort = (): void => {
    clearTimeout(this.timer);
    this.signal.abort();
  };
}
