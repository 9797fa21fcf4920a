import { z } from 'zod';
import {
  BusinessRuleError,
  type HandlerTask,
  Topic,
  type TopicHandler,
} from '../../../camunda-worker/index.js';
import { onboardingSchema, PartnersClient } from '../partners.client.js';

const inputSchema = z.object({ normalizedUserId: z.string(), email: z.string().nullish() });
const outputSchema = z.object({ onboardingResult: onboardingSchema });

type Input = z.output<typeof inputSchema>;
type Output = z.output<typeof outputSchema>;

/** Step 3: onboards the user with the partner. */
@Topic('onboard-user.call-onboarding-api', {
  input: inputSchema,
  output: outputSchema,
  targetSystem: 'OnboardingApi',
  result: { success: 'User onboarded with the partner', failure: 'The partner did not onboard the user' },
})
export class CallOnboardingApiTopic implements TopicHandler<Input, Output> {
  constructor(private readonly partners: PartnersClient) {}

  async handle({ normalizedUserId, email }: Input, task: HandlerTask): Promise<Output> {
    const onboardingResult = await this.partners.onboard(
      { userId: normalizedUserId, email: email ?? null },
      task,
    );
    if (!onboardingResult.success) {
      throw new BusinessRuleError(
        'The partner refused to onboard the user',
        {},
        { code: 'ONBOARDING_REFUSED' },
      );
    }
    return { onboardingResult };
  }
}
