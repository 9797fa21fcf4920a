import { z } from 'zod';
import {
  BusinessRuleError,
  type HandlerTask,
  Topic,
  type TopicHandler,
} from '../../../camunda-worker/index.js';
import { PartnersClient } from '../partners.client.js';

const inputSchema = z.object({ normalizedUserId: z.string() });
const outputSchema = z.object({ backgroundCheckResult: z.object({ cleared: z.literal(true) }) });

type Input = z.output<typeof inputSchema>;
type Output = z.output<typeof outputSchema>;

/** Step 2: requests a background check from the partner. */
@Topic('onboard-user.run-background-check', {
  input: inputSchema,
  output: outputSchema,
  targetSystem: 'BackgroundCheck',
  result: { success: 'Background check passed', failure: 'Background check failed' },
})
export class RunBackgroundCheckTopic implements TopicHandler<Input, Output> {
  constructor(private readonly partners: PartnersClient) {}

  async handle({ normalizedUserId }: Input, task: HandlerTask): Promise<Output> {
    const { cleared, reason } = await this.partners.checkBackground(normalizedUserId, task);
    if (!cleared) {
      throw new BusinessRuleError(
        'The background check did not clear the user',
        { reason },
        { code: 'NOT_CLEARED' },
      );
    }
    return { backgroundCheckResult: { cleared: true } };
  }
}
