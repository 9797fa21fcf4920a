import type { HttpCaller } from './http.calls.js';

/** For whom a call was made that failed. */
const OWNERS = new WeakMap<object, HttpCaller>();

/** Notes for whom a call was made that fails with this error. */
export function tagCaller(error: unknown, caller: HttpCaller | null): void {
  if (caller !== null && error instanceof Error) OWNERS.set(error, caller);
}

/** For whom the call was made that failed with this error, or with what caused it; null where it is none. */
export function callerOf(error: unknown): HttpCaller | null {
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    const owner = OWNERS.get(cause);
    if (owner !== undefined) return owner;
  }
  return null;
}
