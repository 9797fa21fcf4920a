import { causesOf } from './error-causes.js';

/** Delay before the second attempt; doubled for each further attempt. */
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 60_000;

/** Longest delay that a partner may ask for with `Retry-After`. */
const LONGEST_REQUESTED_MS = 3_600_000;

/** Spreads the retries of many tasks that failed together by up to a fifth in both directions. */
const JITTER = 0.2;

/**
 * Decides how long a failed attempt waits for its retry: exponential backoff with jitter, or longer if the error or one
 * of its causes asks for more with `retryAfterMs`.
 *
 * @param attempt the failed attempt, from 1
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function taskRetryDelayMs(error: Error, attempt: number, random: number): number {
  const ownMs = backoffMs(attempt) * (1 - JITTER + 2 * JITTER * random);
  // Never earlier than requested; the jitter keeps tasks from coming back at the same moment.
  const requestedMs = requestedDelayMs(error) * (1 + JITTER * random);
  return Math.round(Math.max(ownMs, requestedMs));
}

/** The longest delay that the backoff alone chooses between a failed attempt and its retry, in milliseconds. */
export function longestBackoffMs(attempt: number): number {
  return backoffMs(attempt) * (1 + JITTER);
}

function backoffMs(attempt: number): number {
  return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt - 1, 30));
}

/** The longest `retryAfterMs` of the error and its causes; 0 if none has one. */
function requestedDelayMs(error: Error): number {
  const requested = causesOf(error).map((cause) => {
    const { retryAfterMs } = cause as { readonly retryAfterMs?: unknown };
    return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? retryAfterMs : 0;
  });
  return Math.min(Math.max(...requested), LONGEST_REQUESTED_MS);
}
