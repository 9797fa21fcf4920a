/** Where the two partners of onboard-user are reached; base URLs, which may have a query. */
export interface Partners {
  readonly backgroundCheckUrl: string;
  readonly onboardingApiUrl: string;
}

/** Token of {@link Partners}. */
export const PARTNERS = Symbol('PARTNERS');

/** Header by which the partners are told which attempt of the step calls, from 1. */
export const ATTEMPT_HEADER = 'x-attempt';
