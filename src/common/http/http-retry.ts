import type { AbortSignalLike } from './request-limit.js';

/** Statuses of temporary faults. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** Milliseconds before the retry, ± 50 %, if the answer has no `Retry-After`. */
const RETRY_DELAY_MS = 200;

/** Longest `Retry-After` that a call waits for; with a longer one the call fails, and the step itself is retried. */
const MAX_RETRY_AFTER_MS = 5_000;

/**
 * `Retry-After`, which is a number of seconds or a date, in milliseconds; null if absent or invalid. The longest of
 * several counts.
 */
export function readRetryAfter(retryAfter: string | string[] | undefined): number | null {
  // A date contains a comma too.
  const sent = [retryAfter ?? []]
    .flat()
    .flatMap((text) => (/^[\d\s,]+$/.test(text) ? text.split(',') : text));
  const waits = sent.map(toWaitMs).filter(Number.isFinite);
  return waits.length === 0 ? null : Math.max(...waits, 0);
}

/** NaN if the text is neither a number of seconds nor a date. */
function toWaitMs(text: string): number {
  if (text.trim() === '') return NaN;
  const seconds = Number(text);
  return Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1_000;
}

/** The delay before the retry of an answered call; null: no retry. @param retryAfterMs `Retry-After` of the answer */
export function httpRetryDelayMs(status: number, retryAfterMs: number | null): number | null {
  if (!RETRYABLE_STATUSES.has(status)) return null;
  if (retryAfterMs === null) return defaultRetryDelayMs();
  return retryAfterMs > MAX_RETRY_AFTER_MS ? null : retryAfterMs;
}

/** The delay before a retry without `Retry-After`, in milliseconds. */
export function defaultRetryDelayMs(): number {
  return RETRY_DELAY_MS * (0.5 + Math.random());
}

/** Waits for a delay. @returns false if a signal aborted meanwhile */
export function waited(ms: number, signals: readonly AbortSignalLike[]): Promise<boolean> {
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve(false);
  return new Promise((resolve) => {
    const end = (whole: boolean): void => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      resolve(whole);
    };
    const onAbort = (): void => {
      end(false);
    };
    const timer = setTimeout(end, ms, true);
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  });
}
