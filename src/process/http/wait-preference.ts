import { parsePrefer } from './prefer.parser.js';

/** How long a client wants its answer to be held, where it says so. */
export interface WaitPreference {
  /** Milliseconds, within what the service allows; null where the client leaves it to the service. */
  readonly waitMs: number | null;
  /** The header `Preference-Applied` of an answer; null where the client has no preference that counts. */
  readonly applied: (httpStatus: number) => string | null;
}

/**
 * Reads `wait` and `respond-async` (https://www.rfc-editor.org/rfc/rfc7240#section-4) of a `Prefer` header.
 *
 * @param maxMs longest wait that a client may ask for
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
        // An answer that has the outcome already is not asynchronous.
        ...(respondAsync && httpStatus === 202 ? ['respond-async'] : []),
        ...(waitMs === null ? [] : [`wait=${Math.floor(waitMs / 1_000)}`]),
      ];
      return used.length === 0 ? null : used.join(', ');
    },
  };
}

/**
 * Milliseconds of a wait that a client asks for.
 *
 * @param seconds digits, as many as there are
 * @param maxMs longest wait that a client may ask for
 */
export function waitWithin(seconds: string, maxMs: number): number {
  return Math.min(Number(seconds) * 1_000, maxMs);
}
