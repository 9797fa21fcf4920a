/** The error codes of the outcomes that the service itself sets, by origin; no other outcome has one of them. */
export const SERVICE_CODES = {
  incident: 'INCIDENT',
  'no-result': 'ENDED_WITHOUT_RESULT',
  cancel: 'CANCELLED',
  expiry: 'EXPIRED',
  'start-rejected': 'START_REJECTED',
  'result-too-large': 'RESULT_TOO_LARGE',
} as const;

/** A process's own error code. */
export const ERROR_CODE_PATTERN = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The codes that only this service sets; an outcome from a handler or a client never has one of them. */
export const RESERVED_ERROR_CODES: readonly string[] = Object.values(SERVICE_CODES);

/** Prefix of a code that would otherwise be reserved, or would not begin with a letter. */
const PREFIX = 'PROCESS_';

const MAX_LENGTH = 64;

/** True if a process may use the code: it matches the pattern and is not reserved. */
export function isOwnCode(code: string): boolean {
  return ERROR_CODE_PATTERN.test(code) && !RESERVED_ERROR_CODES.includes(code);
}

/**
 * Converts the code of a handler or a model to a valid code for an outcome: unchanged if valid, otherwise a similar one,
 * `PROCESS_CANCELLED` for `CANCELLED`, `NOT_CLEARED` for `not-cleared`. An outcome is never refused because of its code.
 */
export function toOwnCode(code: string): string {
  if (isOwnCode(code)) return code;
  const letters = code
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
  const isFree = /^[A-Z]/.test(letters) && !RESERVED_ERROR_CODES.includes(letters);
  return (isFree ? letters : PREFIX + letters).slice(0, MAX_LENGTH).replace(/_$/, '');
}
