/** Names that a JavaScript object cannot hold harmlessly. */
export const DANGEROUS_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/** Far beyond what a process needs, far below what a recursive reader can take. */
export const MAX_JSON_DEPTH = 100;

/**
 * Why a parsed JSON value cannot be kept as it came; null where it can.
 *
 * Walks without recursion, so that a deep value cannot exhaust the stack.
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
      // Its indexes are no names; to make texts of them costs more than all else here.
      for (const item of entry.value as readonly unknown[]) stack.push({ value: item, depth });
      continue;
    }
    for (const [name, member] of Object.entries(entry.value)) {
      if (DANGEROUS_NAMES.includes(name)) return `the member ${name} is not allowed`;
      if (!isWellFormed(name)) return 'the name of a member holds half a character';
      stack.push({ value: member, depth });
    }
  }
  return null;
}

/** Whether a text holds no half of a surrogate pair, which has no form in UTF-8. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function leafFault(value: unknown): string | null {
  if (typeof value === 'string')
    return isWellFormed(value) ? null : 'a text holds half a character (a lone surrogate)';
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return null;
  if (!Number.isFinite(value)) return 'a number is beyond the range of a double';
  return Number.isInteger(value) ? 'an integer beyond ±(2^53 − 1) would lose digits: send it as text' : null;
}
