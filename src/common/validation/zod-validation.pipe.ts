import { createZodValidationPipe } from 'nestjs-zod';
import { ZodError } from 'zod';

/** Parses bodies and queries by the schema of their DTO; throws the `ZodError` itself, which becomes a problem document. */
export const ZodValidationPipe = createZodValidationPipe({
  createValidationException: (error) => (error instanceof ZodError ? error : new Error('Validation failed.')),
});
