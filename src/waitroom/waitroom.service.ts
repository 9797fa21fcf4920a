import { Inject, Injectable } from '@nestjs/common';
import { WAIT_CONFIG, type WaitConfig } from '../config/index.js';
import { ShutdownService } from '../lifecycle/index.js';

/** How a wait ended. */
export type WaitEnd<T> =
  | { readonly kind: 'completed'; readonly payload: T }
  /** The time was over. */
  | { readonly kind: 'timeout' }
  /** The service is stopping, or its waitroom is full: answer now with what is known. */
  | { readonly kind: 'released' };

/** One registered waiter. */
export interface Wait<T> {
  /** Settles once; rejects with the error that `failWait` was given. */
  readonly ended: Promise<WaitEnd<T>>;
  /** Removes only this waiter, for example if its client disconnected; `ended` then settles as `released`. */
  readonly cancel: () => void;
}

interface Waiter {
  readonly resolve: (end: WaitEnd<unknown>) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout | undefined;
}

/**
 * Who waits for what: requests that wait for the outcome of a process, by correlation id.
 *
 * Several may wait for one id. Callers complete a wait only after the commit, so waiters see only committed state.
 */
@Injectable()
export class WaitroomService {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly observers = new Set<(correlationId: string, payload: unknown) => void>();
  private count = 0;
  private closed = false;

  constructor(
    @Inject(WAIT_CONFIG) private readonly config: WaitConfig,
    shutdown: ShutdownService,
  ) {
    shutdown.register('refuse', 'waitroom', () => {
      this.closed = true;
      this.clearAll();
    });
  }

  /** Waiters registered now. */
  get size(): number {
    return this.count;
  }

  /** The ids that have waiters. */
  awaited(): readonly string[] {
    return [...this.waiters.keys()];
  }

  /** True if the id has a waiter. */
  isAwaited(correlationId: string): boolean {
    return this.waiters.has(correlationId);
  }

  /**
   * Registers a waiter; it is in place when this returns.
   *
   * @param timeoutMs how long to wait; the wait is `released` immediately if the waitroom is full or closed
   */
  createWait<T>(correlationId: string, timeoutMs: number): Wait<T> {
    if (this.closed || this.count >= this.config.maxWaiters) {
      return { ended: Promise.resolve({ kind: 'released' }), cancel: () => undefined };
    }
    let waiter: Waiter | undefined;
    const settle = (end: WaitEnd<unknown>): void => {
      if (waiter !== undefined && this.take(correlationId, waiter)) waiter.resolve(end);
    };
    const ended = new Promise<WaitEnd<T>>((resolve, reject) => {
      waiter = {
        resolve: resolve as (end: WaitEnd<unknown>) => void,
        reject,
        timer: setTimeout(settle, timeoutMs, { kind: 'timeout' }),
      };
      this.add(correlationId, waiter);
    });
    // A wait may fail before its owner comes to await it; the owner still sees the rejection.
    ended.catch(() => undefined);
    return {
      ended,
      cancel: () => {
        settle({ kind: 'released' });
      },
    };
  }

  /**
   * Calls a listener for every completed id, even without waiters.
   *
   * @param listener must not throw
   * @returns a function that removes the listener
   */
  observe(listener: (correlationId: string, payload: unknown) => void): () => void {
    this.observers.add(listener);
    return () => {
      this.observers.delete(listener);
    };
  }

  /** Wakes all waiters of the id, and returns their number. */
  completeWait(correlationId: string, payload: unknown): number {
    for (const observer of this.observers) observer(correlationId, payload);
    return this.wake(correlationId, (waiter) => {
      waiter.resolve({ kind: 'completed', payload });
    });
  }

  /** Ends all waits for the id with an error, and returns their number. */
  failWait(correlationId: string, error: Error): number {
    return this.wake(correlationId, (waiter) => {
      waiter.reject(error);
    });
  }

  /** Releases everybody, as at a stop. */
  clearAll(): void {
    for (const correlationId of [...this.waiters.keys()]) {
      this.wake(correlationId, (waiter) => {
        waiter.resolve({ kind: 'released' });
      });
    }
  }

  private add(correlationId: string, waiter: Waiter): void {
    const others = this.waiters.get(correlationId);
    if (others === undefined) this.waiters.set(correlationId, new Set([waiter]));
    else others.add(waiter);
    this.count += 1;
  }

  private take(correlationId: string, waiter: Waiter): boolean {
    const waiting = this.waiters.get(correlationId);
    if (waiting?.delete(waiter) !== true) return false;
    clearTimeout(waiter.timer);
    this.count -= 1;
    if (waiting.size === 0) this.waiters.delete(correlationId);
    return true;
  }

  private wake(correlationId: string, tell: (waiter: Waiter) => void): number {
    const waiting = [...(this.waiters.get(correlationId) ?? [])];
    for (const waiter of waiting) {
      if (this.take(correlationId, waiter)) tell(waiter);
    }
    return waiting.length;
  }
}
