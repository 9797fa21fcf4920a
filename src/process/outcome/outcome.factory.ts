import type { Logger } from '@nestjs/common';
import { RESERVED_ERROR_CODES, SERVICE_CODES, toOwnCode } from '../../common/error-codes/index.js';
import type { Outcome, ServiceOrigin } from '../../process-store/index.js';

/** Builds an outcome that the service itself gives, with the error code of its origin. */
export function serviceOutcome(
  origin: ServiceOrigin,
  error: string,
): Outcome & { readonly status: 'error'; readonly errorCode: string } {
  return { origin, status: 'error', error, errorCode: SERVICE_CODES[origin] };
}

/** Like {@link toOwnCode}; logs a warning if the outcome gets another code than the handler gave. */
export function ownCodeOf(
  given: string,
  { correlationId, logger }: { readonly correlationId: string; readonly logger: Logger },
): string {
  const errorCode = toOwnCode(given);
  if (errorCode !== given) {
    logger.warn({
      msg:
        'The outcome of a process has another error code than its handler or its model gave: a code is A-Z, then ' +
        `A-Z 0-9 _, at most 64 characters, and none of the service's own (${RESERVED_ERROR_CODES.join(', ')}).`,
      correlationId,
      given,
      errorCode,
    });
  }
  return errorCode;
}
