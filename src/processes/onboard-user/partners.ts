import { z } from 'zod';

/** Where the two partners of onboard-user are reached; base URLs without a trailing slash. */
export interface Partners {
  readonly backgroundCheckUrl: string;
  readonly onboardingApiUrl: string;
}

/** Token of {@link Partners}. */
export const PARTNERS = Symbol('PARTNERS');

/** Answer of `POST <BACKGROUND_CHECK_URL>/background-checks`. */
export const backgroundCheckAnswerSchema = z.object({ cleared: z.boolean(), reason: z.string().optional() });

/** Answer of `POST <ONBOARDING_API_URL>/onboardings`. */
export const onboardingAnswerSchema = z.object({ success: z.boolean(), userId: z.string() });

/** Header by which the partners are told which attempt of the step calls, from 1. */
export const ATTEMPT_HEADER = 'x-attempt';
