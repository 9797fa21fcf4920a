/** Waits `ms` milliseconds, or until the signal aborts; true where the whole time has passed. */
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
 * The delay before a repetition: doubled with each failure up to a limit, then spread, so that many clients of an
 * engine that comes back do not return at the same moment.
 *
 * @param failures how many have gone before, from 1
 * @param random in [0, 1)
 * @returns milliseconds, between half and the whole of the doubled delay
 */
export function backOffMs(failures: number, baseMs: number, maxMs: number, random = Math.random()): number {
  const full = Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.5 + random / 2));
}
