/** Waits `ms` milliseconds, or until the signal aborts. @returns false if it aborted */
export function abortableDelay(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Exponential backoff with jitter. The jitter keeps many clients from calling at the same moment when the engine is
 * back.
 *
 * @param failures number of failures so far, from 1
 * @param random in [0, 1)
 * @returns milliseconds: between half of the doubled delay and all of it
 */
export function backOffMs(failures: number, baseMs: number, maxMs: number, random = Math.random()): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.5 + random / 2));
}
