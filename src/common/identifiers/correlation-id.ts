import { z } from 'zod';

/** The grammar of a correlation id: 1 to 255 characters that are safe in a path, a header and a log. */
export const CORRELATION_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,254}$/;

/** Ids that name a route below `/api/process/status/`. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['all']);

/** Parses a correlation id, compared byte by byte everywhere. */
export const correlationIdSchema = z
  .string()
  .regex(CORRELATION_ID_PATTERN, {
    error: 'must be 1 to 255 characters of A-Z a-z 0-9 . _ : @ ~ - and begin with a letter or digit',
  })
  .refine((id) => !RESERVED_IDS.has(id), { error: 'is reserved: choose another id' });

/** True where the text can be a correlation id. */
export function isCorrelationId(text: string): boolean {
  return CORRELATION_ID_PATTERN.test(text) && !RESERVED_IDS.has(text);
}
