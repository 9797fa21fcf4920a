import type { HttpCaller } from './http.calls.js';

/** The caller of each failed call, by its error. */
const OWNERS = new WeakMap<object, HttpCaller>();

/** Notes the caller of the call that failed with this error. */
export function tagCaller(error: unknown, caller: HttpCaller | null): void {
  if (caller !== null && error instanceof Error) OWNERS.set(error, caller);
}

/** The caller of the call that failed with this error or one of its causes; null if no call did. */
export function callerOf(error: unknown): HttpCaller | null {
  const seen = new Set<unknown>();
  for (let cause = error; cause instanceof Error && !seen.has(cause); cause = cause.cause) {
    seen.add(cause);
    const owner = OWNERS.get(cause);
    if (owner !== undefined) return owner;
  }
  return null;
}
