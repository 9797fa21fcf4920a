import { Injectable, type PipeTransform } from '@nestjs/common';
import { ProblemError } from '../errors/index.js';
import { correlationIdSchema } from '../identifiers/index.js';

/** Parses the correlation id of a path. @throws ProblemError `invalid-request` */
@Injectable()
export class CorrelationIdPipe implements PipeTransform<string, string> {
  transform(given: string): string {
    const parsed = correlationIdSchema.safeParse(given);
    if (parsed.success) return parsed.data;
    throw new ProblemError('invalid-request', 'The path has no valid correlation id; see errors.', {
      errors: parsed.error.issues.map(({ message }) => ({ pointer: '/correlationId', detail: message })),
      cause: parsed.error,
    });
  }
}
