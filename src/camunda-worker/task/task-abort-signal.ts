import type { AbortSignalLike } from '../../common/http/index.js';

/** Calls its listeners once when a task is aborted; cheaper than an AbortController, which most handlers never need. */
export class TaskAbortSignal implements AbortSignalLike {
  aborted = false;
  private readonly listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners.delete(listener);
  }

  abort(): void {
    this.aborted = true;
    for (const listener of this.listeners) listener();
    this.listeners.clear();
  }
}
