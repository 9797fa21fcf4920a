/** The error code of each outcome that the service itself gives, by its origin; no other outcome has one of them. */
export const SERVICE_CODES = {
  incident: 'INCIDENT',
  'no-result': 'ENDED_WITHOUT_RESULT',
  cancel: 'CANCELLED',
  expiry: 'EXPIRED',
  'start-rejected': 'START_REJECTED',
} as const;

/** A process's own error code. */
export const ERROR_CODE_PATTERN = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The codes that this service sets itself; an outcome that somebody else gives never has one of them. */
export const RESERVED_ERROR_CODES: readonly string[] = Object.values(SERVICE_CODES);

/** What is put before a code that would else be the service's, or would begin with no letter. */
const PREFIX = 'PROCESS_';

const MAX_LENGTH = 64;

/** True if a process may have the code for its own: it fits the grammar and is none of the service's. */
export function isOwnCode(code: string): boolean {
  return ERROR_CODE_PATTERN.test(code) && !RESERVED_ERROR_CODES.includes(code);
}

/**
 * The code under which an outcome is stored whose code comes from a handler or a model: the same where it may be, else
 * the nearest one that may, `PROCESS_CANCELLED` for `CANCELLED`, `NOT_CLEARED` for `not-cleared`. The outcome counts more
 * than its code, so it is never refused for that.
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
