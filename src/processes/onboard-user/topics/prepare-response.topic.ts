import { z } from 'zod';
import { type HandlerTask, Topic, type TopicHandler } from '../../../camunda-worker/index.js';
import { ProcessCompletionService } from '../../../process/index.js';
import { onboardingAnswerSchema } from '../partners.js';

const inputSchema = z.object({
  userId: z.string(),
  validated: z.boolean(),
  backgroundCheckResult: z.object({ cleared: z.boolean() }),
  onboardingResult: onboardingAnswerSchema,
});
const outputSchema = z.object({});

/** Step 4: puts the results together and completes the process. */
@Topic('onboard-user.prepare-response', {
  input: inputSchema,
  output: outputSchema,
  result: { success: 'Response prepared', failure: 'The response could not be prepared' },
})
export class PrepareResponseTopic implements TopicHandler<
  z.output<typeof inputSchema>,
  z.output<typeof outputSchema>
> {
  constructor(private readonly completion: ProcessCompletionService) {}

  async handle(
    { userId, validated, backgroundCheckResult, onboardingResult }: z.output<typeof inputSchema>,
    task: HandlerTask,
  ): Promise<z.output<typeof outputSchema>> {
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
