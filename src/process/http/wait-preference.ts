import { parsePrefer } from './prefer.parser.js';

/** How long a client wants its request to wait. */
export interface WaitPreference {
  /** Milliseconds, at most the service's maximum; null if the client has no preference. */
  readonly waitMs: number | null;
  /** The header `Preference-Applied` of an answer; null if no preference was applied. */
  readonly applied: (httpStatus: number) => string | null;
}

/**
 * Reads `wait` and `respond-async` (https://www.rfc-editor.org/rfc/rfc7240#section-4) of a `Prefer` header.
 *
 * @param maxMs longest wait that a client may request
 */
export function readWaitPreference(
  header: string | readonly string[] | undefined,
  maxMs: number,
): WaitPreference {
  const preferences = parsePrefer(header);
  const wait = preferences.get('wait')?.value ?? '';
  const respondAsync = preferences.get('respond-async')?.value === '';
  const waitMs = /^\d+$/.test(wait) ? waitWithin(wait, maxMs) : null;
  return {
    waitMs: waitMs ?? (respondAsync ? 0 : null),
    applied: (httpStatus) => {
      const used = [
        // An answer with the outcome is not asynchronous.
        ...(respondAsync && httpStatus === 202 ? ['respond-async'] : []),
        ...(waitMs === null ? [] : [`wait=${Math.floor(waitMs / 1_000)}`]),
      ];
      return used.length === 0 ? null : used.join(', ');
    },
  };
}

/**
 * Converts the wait that a client requests to milliseconds.
 *
 * @param seconds any number of digits
 * @param maxMs longest wait that a client may request
 */
export function waitWithin(seconds: string, maxMs: number): number {
  return Math.min(Number(seconds) * 1_000, maxMs);
}
