import { Injectable, type PipeTransform } from '@nestjs/common';
import { ProblemError } from '../../common/errors/index.js';
import { taskIdSchema } from './process-tasks.schemas.js';

/** Parses the task id of a path. @throws ProblemError `invalid-request` */
@Injectable()
export class TaskIdPipe implements PipeTransform<string, string> {
  transform(given: string): string {
    const parsed = taskIdSchema.safeParse(given);
    if (parsed.success) return parsed.data;
    throw new ProblemError('invalid-request', 'The path has no valid task id; see errors.', {
      errors: parsed.error.issues.map(({ message }) => ({ pointer: '/taskId', detail: message })),
      cause: parsed.error,
    });
  }
}
