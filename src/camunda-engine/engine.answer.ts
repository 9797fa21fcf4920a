import { z } from 'zod';
import {
  type EngineCallFacts,
  EngineAmbiguousError,
  EngineMisconfiguredError,
  EngineResponseError,
} from './engine.errors.js';
import type { EngineResponse } from './engine.transport.js';

/** The body of an error of Camunda 7's REST API; `message` is null if the engine's exception has none. */
const engineErrorSchema = z.object({
  type: z.string(),
  message: z.string().nullish(),
  code: z.number().nullish(),
  details: z.unknown().optional(),
});

/** Statuses of a proxy or an overloaded server that do not show whether the request was executed. */
const AMBIGUOUS_STATUSES: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/**
 * Returns if the status is 2xx, and throws the error for any other status.
 *
 * @throws EngineResponseError, EngineAmbiguousError, EngineMisconfiguredError
 */
export function requireSuccess(call: EngineCallFacts, response: EngineResponse): void {
  const { status } = response;
  if (status >= 200 && status < 300) return;
  if (AMBIGUOUS_STATUSES.has(status)) {
    throw new EngineAmbiguousError(call, `answered ${status}`, status);
  }
  if (status === 401 || status === 403) {
    throw new EngineMisconfiguredError(call, `answered ${status}: check the engine's credentials`, status);
  }
  const error = engineErrorSchema.safeParse(response.body);
  if (!error.success) {
    throw new EngineMisconfiguredError(
      call,
      `answered ${status} with a body that is not the engine's`,
      status,
    );
  }
  const { type, message, code, details } = error.data;
  throw new EngineResponseError(call, status, type, message ?? '', code ?? null, details ?? null);
}

/**
 * Parses an answer by a schema.
 *
 * @throws EngineMisconfiguredError if a 2xx answer does not fit the schema, and what {@link requireSuccess} throws
 */
export function readAnswer<T extends z.ZodType>(
  call: EngineCallFacts,
  response: EngineResponse,
  schema: T,
): z.output<T> {
  requireSuccess(call, response);
  const parsed = schema.safeParse(response.body);
  if (!parsed.success) {
    throw new EngineMisconfiguredError(
      call,
      `answered ${response.status} with a body that is not the engine's`,
      response.status,
      { cause: parsed.error },
    );
  }
  return parsed.data;
}
