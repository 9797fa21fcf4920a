import { z } from 'zod';

/** Pattern of a correlation id: 1 to 255 characters that are safe in a path, a header and a log. */
const CORRELATION_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:@~-]{0,254}$/;

/** Reserved, because they are routes below `/api/process/status/`. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['all']);

/** Parses a correlation id. Correlation ids are compared byte by byte everywhere. */
export const correlationIdSchema = z
  .string()
  .regex(CORRELATION_ID_PATTERN, {
    error: 'must be 1 to 255 characters of A-Z a-z 0-9 . _ : @ ~ - and begin with a letter or digit',
  })
  .refine((id) => !RESERVED_IDS.has(id), { error: 'is reserved: choose another id' });

/** True if the text is a valid correlation id. */
export function isCorrelationId(text: string): boolean {
  return CORRELATION_ID_PATTERN.test(text) && !RESERVED_IDS.has(text);
}
