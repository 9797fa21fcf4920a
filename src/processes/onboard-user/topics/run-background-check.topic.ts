import { Inject } from '@nestjs/common';
import { z } from 'zod';
import {
  BusinessRuleError,
  type HandlerTask,
  Topic,
  type TopicHandler,
} from '../../../camunda-worker/index.js';
import { HttpService } from '../../../common/http/index.js';
import { ATTEMPT_HEADER, backgroundCheckAnswerSchema, type Partners, PARTNERS } from '../partners.js';

const inputSchema = z.object({ normalizedUserId: z.string() });
const outputSchema = z.object({ backgroundCheckResult: z.object({ cleared: z.literal(true) }) });

/** Step 2: asks the partner whether anything speaks against the user. */
@Topic('onboard-user.run-background-check', {
  input: inputSchema,
  output: outputSchema,
  targetSystem: 'BackgroundCheck',
  result: { success: 'Background check passed', failure: 'Background check failed' },
})
export class RunBackgroundCheckTopic implements TopicHandler<
  z.output<typeof inputSchema>,
  z.output<typeof outputSchema>
> {
  constructor(
    private readonly http: HttpService,
    @Inject(PARTNERS) private readonly partners: Partners,
  ) {}

  async handle(
    { normalizedUserId }: z.output<typeof inputSchema>,
    task: HandlerTask,
  ): Promise<z.output<typeof outputSchema>> {
    const url = `${this.partners.backgroundCheckUrl}/background-checks`;
    const answer = await this.http.post(
      url,
      { userId: normalizedUserId },
      {
        headers: { [ATTEMPT_HEADER]: String(task.attempt) },
        // A task keeps its id over retries and redelivery, so the partner can tell a repeated call from a new one.
        idempotencyKey: task.taskId,
      },
    );
    const { cleared, reason } = backgroundCheckAnswerSchema.parse(answer.body);
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
