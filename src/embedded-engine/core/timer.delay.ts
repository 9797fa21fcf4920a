/** Longest delay of setTimeout. */
const MAX_DELAY_MS = 2_147_483_647;

/** Milliseconds until a due time, within the range of setTimeout: a timer that fires before it has to be armed again. */
export function delayUntil(dueTime: number, now: number): number {
  return Math.min(Math.max(dueTime - now, 0), MAX_DELAY_MS);
}
