import { Inject } from '@nestjs/common';
import { z } from 'zod';
import {
  BusinessRuleError,
  type HandlerTask,
  Topic,
  type TopicHandler,
} from '../../../camunda-worker/index.js';
import { HttpService } from '../../../common/http/index.js';
import { ATTEMPT_HEADER, onboardingAnswerSchema, type Partners, PARTNERS } from '../partners.js';

const inputSchema = z.object({ normalizedUserId: z.string(), email: z.string().nullish() });
const outputSchema = z.object({ onboardingResult: onboardingAnswerSchema });

/** Step 3: onboards the user with the partner. */
@Topic('onboard-user.call-onboarding-api', {
  input: inputSchema,
  output: outputSchema,
  targetSystem: 'OnboardingApi',
  result: { success: 'User onboarded with the partner', failure: 'The partner did not onboard the user' },
})
export class CallOnboardingApiTopic implements TopicHandler<
  z.output<typeof inputSchema>,
  z.output<typeof outputSchema>
> {
  constructor(
    private readonly http: HttpService,
    @Inject(PARTNERS) private readonly partners: Partners,
  ) {}

  async handle(
    { normalizedUserId, email }: z.output<typeof inputSchema>,
    task: HandlerTask,
  ): Promise<z.output<typeof outputSchema>> {
    const url = `${this.partners.onboardingApiUrl}/onboardings`;
    const answer = await this.http.post(
      url,
      { userId: normalizedUserId, email: email ?? null },
      {
        headers: { [ATTEMPT_HEADER]: String(task.attempt) },
        // A task keeps its id over retries and redelivery, so the partner can tell a repeated call from a new one.
        idempotencyKey: task.taskId,
      },
    );
    const onboardingResult = onboardingAnswerSchema.parse(answer.body);
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
