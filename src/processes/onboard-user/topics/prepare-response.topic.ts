import { z } from 'zod';
import { type HandlerTask, Topic, type TopicHandler } from '../../../camunda-worker/index.js';
import { ProcessCompletionService } from '../../../process/index.js';
import { onboardingSchema } from '../partners.client.js';

const inputSchema = z.object({
  userId: z.string(),
  validated: z.boolean(),
  backgroundCheckResult: z.object({ cleared: z.boolean() }),
  onboardingResult: onboardingSchema,
});
const outputSchema = z.object({});

type Input = z.output<typeof inputSchema>;
type Output = z.output<typeof outputSchema>;

/** Step 4: combines the results and completes the process. */
@Topic('onboard-user.prepare-response', {
  input: inputSchema,
  output: outputSchema,
  result: { success: 'Response prepared', failure: 'The response could not be prepared' },
})
export class PrepareResponseTopic implements TopicHandler<Input, Output> {
  constructor(private readonly completion: ProcessCompletionService) {}

  async handle(
    { userId, validated, backgroundCheckResult, onboardingResult }: Input,
    task: HandlerTask,
  ): Promise<Output> {
    await this.completion.complete({
      correlationId: task.correlationId,
      status: 'ok',
      data: {
        success: true,
        userId,
        validationResult: { valid: validated },
        backgroundCheckResult,
        onboardingResult,
      },
      task,
    });
    return {};
  }
}
