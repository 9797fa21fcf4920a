import { z } from 'zod';
import type { ProcessDefinition } from '../../common/process-definition/index.js';

/** onboard-user: validate a user, check the background, onboard with the partner, answer. */
export const onboardUserProcess: ProcessDefinition = {
  key: 'onboard-user',
  steps: [
    'validate-user-information',
    'run-background-check',
    'call-onboarding-api',
    'prepare-response',
    'handle-error',
  ],
  bpmn: new URL('./onboard-user.bpmn', import.meta.url),
  startSchema: z
    .looseObject({ userId: z.string().min(1).max(255) })
    .meta({ examples: [{ userId: 'user-123', email: 'user@example.com' }] }),
};
