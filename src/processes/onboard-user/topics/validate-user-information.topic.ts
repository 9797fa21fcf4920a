import { z } from 'zod';
import { BusinessRuleError, Topic, type TopicHandler } from '../../../camunda-worker/index.js';

const inputSchema = z.object({ userId: z.string().trim().min(1).max(255), email: z.unknown().optional() });
const outputSchema = z.object({ validated: z.literal(true), normalizedUserId: z.string() });

type Input = z.output<typeof inputSchema>;
type Output = z.output<typeof outputSchema>;

/** Step 1: validates what the client sent and normalizes the userId. */
@Topic('onboard-user.validate-user-information', {
  input: inputSchema,
  output: outputSchema,
  result: { success: 'User information validated', failure: 'User information is not valid' },
})
export class ValidateUserInformationTopic implements TopicHandler<Input, Output> {
  handle({ userId, email }: Input): Output {
    if (email !== undefined && email !== null && !z.email().safeParse(email).success) {
      throw new BusinessRuleError('The email address is not valid', { email }, { code: 'INVALID_EMAIL' });
    }
    return { validated: true, normalizedUserId: userId.toLowerCase() };
  }
}
