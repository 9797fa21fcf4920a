/** Base URLs of the two partners of onboard-user; they may have a query. */
export interface Partners {
  readonly backgroundCheckUrl: string;
  readonly onboardingApiUrl: string;
}

/** Token of {@link Partners}. */
export const PARTNERS = Symbol('PARTNERS');

/** Header with the attempt of the step, from 1. */
export const ATTEMPT_HEADER = 'x-attempt';
