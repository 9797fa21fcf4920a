import { ProblemError, type ProblemFieldError } from '../common/errors/index.js';

/** Variables that the service sets itself at a start. */
export const SYSTEM_VARIABLES = [
  'correlationId',
  'batch_id',
  'traceability_id',
  'application_id',
  'identifiers',
] as const;

/** Names that a JavaScript object cannot hold harmlessly. */
const DANGEROUS_NAMES = ['__proto__', 'constructor', 'prototype'];

/** Far beyond what a process needs, far below what a recursive reader can take. */
const MAX_DEPTH = 100;

/** The engine's column of variable names. */
const MAX_NAME_LENGTH = 255;

/**
 * Refuses variables that could not reach the engine as the client sent them.
 *
 * @throws ProblemError `invalid-variables` with every refused name
 */
export function assertStartVariables(variables: Readonly<Record<string, unknown>>): void {
  const errors: ProblemFieldError[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const detail = nameFault(name) ?? valueFault(value);
    if (detail !== null) errors.push({ pointer: `/variables/${escapePointer(name)}`, detail });
  }
  if (errors.length > 0) {
    throw new ProblemError(
      'invalid-variables',
      'Some variables are not accepted; see errors. Nothing was kept.',
      {
        errors,
      },
    );
  }
}

function nameFault(name: string): string | null {
  if (name === '') return 'a variable must have a name';
  if (name.length > MAX_NAME_LENGTH) return `a name has at most ${MAX_NAME_LENGTH} characters`;
  if (DANGEROUS_NAMES.includes(name)) return 'this name is not allowed';
  if ((SYSTEM_VARIABLES as readonly string[]).includes(name)) return 'the service sets this variable itself';
  return null;
}

/** Walks without recursion, so that a deep value cannot exhaust the stack. */
function valueFault(value: unknown): string | null {
  const stack: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 1 }];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    if (
      typeof entry.value === 'number' &&
      Number.isInteger(entry.value) &&
      !Number.isSafeInteger(entry.value)
    ) {
      return 'an integer beyond ±(2^53 − 1) would lose digits: send it as text';
    }
    if (typeof entry.value !== 'object' || entry.value === null) continue;
    if (entry.depth > MAX_DEPTH) return `objects and arrays may be nested ${MAX_DEPTH} deep`;
    for (const [name, member] of Object.entries(entry.value)) {
      if (!Array.isArray(entry.value) && DANGEROUS_NAMES.includes(name))
        return `the member ${name} is not allowed`;
      stack.push({ value: member, depth: entry.depth + 1 });
    }
  }
  return null;
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
