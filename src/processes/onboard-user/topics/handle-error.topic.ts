import { z } from 'zod';
import { type HandlerTask, Topic, type TopicHandler } from '../../../camunda-worker/index.js';
import { ProcessCompletionService } from '../../../process/index.js';

const inputSchema = z.object({ errorCode: z.string().nullish(), errorMessage: z.string().nullish() });
const outputSchema = z.object({});

type Input = z.output<typeof inputSchema>;
type Output = z.output<typeof outputSchema>;

/** After the error boundary events: completes the process with the error that was caught. */
@Topic('onboard-user.handle-error', {
  input: inputSchema,
  output: outputSchema,
  result: { success: 'Error reported to the client', failure: 'The error could not be reported' },
})
export class HandleErrorTopic implements TopicHandler<Input, Output> {
  constructor(private readonly completion: ProcessCompletionService) {}

  async handle({ errorCode, errorMessage }: Input, task: HandlerTask): Promise<Output> {
    await this.completion.complete({
      correlationId: task.correlationId,
      status: 'error',
      error: errorMessage ?? 'The user was not onboarded.',
      errorCode: errorCode ?? 'BUSINESS_RULE',
      task,
    });
    return {};
  }
}
