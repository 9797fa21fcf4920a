import { createZodValidationPipe } from 'nestjs-zod';
import { ZodError } from 'zod';

/** Parses bodies and queries by their DTO's schema; a fault leaves as the `ZodError` itself, which becomes a problem. */
export const ZodValidationPipe = createZodValidationPipe({
  createValidationException: (error) => (error instanceof ZodError ? error : new Error('Validation failed.')),
});
