/** Member names that can change the prototype of a JavaScript object. */
export const DANGEROUS_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Far more than a process needs, and far less than a recursive reader can handle. */
const MAX_JSON_DEPTH = 100;

/**
 * Why a parsed JSON value cannot be stored unchanged; null if it can.
 *
 * Iterative, so that a deeply nested value cannot exhaust the stack.
 */
export function jsonFault(value: unknown): string | null {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    const fault = leafFault(entry.value);
    if (fault !== null) return fault;
    if (typeof entry.value !== 'object' || entry.value === null) continue;
    if (entry.depth > MAX_JSON_DEPTH) return `objects and arrays may be nested ${MAX_JSON_DEPTH} deep`;
    const depth = entry.depth + 1;
    if (Array.isArray(entry.value)) {
      // Not by entries: creating a string for each index would cost more than the rest of this function.
      for (const item of entry.value as readonly unknown[]) stack.push({ value: item, depth });
      continue;
    }
    for (const [name, member] of Object.entries(entry.value)) {
      if (DANGEROUS_NAMES.includes(name)) return `the member ${name} is not allowed`;
      if (!isWellFormed(name)) return 'the name of a member contains a lone surrogate';
      stack.push({ value: member, depth });
    }
  }
  return null;
}

/** True if a string has no lone surrogate, which UTF-8 cannot encode. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function leafFault(value: unknown): string | null {
  if (typeof value === 'string') return isWellFormed(value) ? null : 'a text contains a lone surrogate';
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return null;
  if (!Number.isFinite(value)) return 'a number is beyond the range of a double';
  return Number.isInteger(value) ? 'an integer beyond ±(2^53 − 1) would lose digits: send it as text' : null;
}
