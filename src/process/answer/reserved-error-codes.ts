/** The codes that this service sets itself; a completion may not use them. */
export const RESERVED_ERROR_CODES = [
  'INCIDENT',
  'CANCELLED',
  'EXPIRED',
  'ENDED_WITHOUT_RESULT',
  'START_REJECTED',
] as const;
