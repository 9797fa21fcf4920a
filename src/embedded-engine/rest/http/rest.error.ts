import { EngineError, type EngineErrorKind } from '../../state/engine.errors.js';
import { ExpressionError } from '../../el/index.js';
import { BpmnParseError } from '../../model/index.js';
import { noContent, type EngineResponse } from './http.types.js';

/** A refusal by the REST layer, with the status and body of Camunda 7. */
export class RestError extends Error {
  override readonly name = 'RestError';

  /**
   * @param type simple name of Camunda's Java class
   * @param code the code of the engine exception that caused it, or null
   */
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    readonly code: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** 400 InvalidRequestException. */
export function invalidRequest(message: string): RestError {
  return new RestError(400, 'InvalidRequestException', message);
}

/** 500 IllegalArgumentException: thrown by a constructor in Camunda and not caught by its resources. */
export function illegalArgument(message: string): RestError {
  return new RestError(500, 'IllegalArgumentException', message);
}

/** 404 InvalidRequestException. */
export function notFound(message: string, code: number | null = null): RestError {
  return new RestError(404, 'InvalidRequestException', message, code);
}

const STATUS: Readonly<Record<EngineErrorKind, number>> = {
  NotFound: 404,
  BadUserRequest: 400,
  NullValue: 500,
  OptimisticLocking: 500,
  ProcessEngine: 500,
  TooManyRequests: 500,
  Shutdown: 500,
  // Camunda's 500 means that the transaction was rolled back, which is unknown here.
  Stopped: 503,
};

/** HTTP status of an engine error. */
function statusOf(error: EngineError): number {
  return STATUS[error.kind];
}

/** Wraps an engine error like the REST resources of Camunda: RestException with the engine's code. */
export function restException(error: EngineError, status: number, message: string): RestError {
  return new RestError(status, 'RestException', message, error.engineCode, { cause: error });
}

/**
 * Runs a command like most of Camunda's resources: adds a prefix to the message of a refusal, with 400 for an invalid
 * request and 500 for an error of the engine. Other errors pass unchanged.
 *
 * @throws RestError
 */
export async function prefixed<T>(prefix: string, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof EngineError && error.kind === 'Stopped') throw error;
    if (error instanceof EngineError) throw restException(error, 500, `${prefix}: ${error.message}`);
    if (error instanceof ExpressionError)
      throw new RestError(500, 'RestException', `${prefix}: ${error.message}`, 0, { cause: error });
    if (error instanceof RestError && error.status < 500)
      throw new RestError(error.status, 'InvalidRequestException', `${prefix}: ${error.message}`);
    throw error;
  }
}

/** Throws; for the right side of `??`. */
export function raise(error: Error): never {
  throw error;
}

/** The refusals with which a resource of Camunda answers kinds of errors of the engine. */
export type Refusals = Readonly<
  Partial<Record<EngineErrorKind, (error: EngineError) => RestError | undefined>>
>;

/**
 * Runs a command that is answered with 204.
 *
 * @param refusals errors without one, or whose refusal is undefined, pass unchanged
 * @throws RestError
 */
export async function command(refusals: Refusals, run: () => Promise<void>): Promise<EngineResponse> {
  try {
    await run();
    return noContent();
  } catch (error) {
    throw (error instanceof EngineError ? refusals[error.kind]?.(error) : undefined) ?? error;
  }
}

/** Refuses what does not exist with 404 and what is invalid now with 400, as RestException with the engine's code. */
export const REST_EXCEPTIONS: Refusals = {
  NotFound: (error) => restException(error, 404, error.message),
  BadUserRequest: (error) => restException(error, 400, error.message),
};

/** The response for an error of a handler; null for an unexpected error, which the caller logs and answers with 500. */
export function describeError(error: unknown): EngineResponse | null {
  if (error instanceof RestError) return answer(error.status, error.type, error.message, error.code);
  if (error instanceof EngineError)
    return answer(statusOf(error), error.camundaClass, error.message, error.engineCode);
  if (error instanceof ExpressionError) return answer(500, 'ProcessEngineException', error.message, 0);
  if (error instanceof BpmnParseError) {
    const details = { [error.resourceName]: { errors: error.errors, warnings: error.warnings } };
    return answer(400, 'ParseException', error.message, 0, { details });
  }
  return null;
}

/** The response for an unexpected error; contains no details of it. */
export function internalError(): EngineResponse {
  return answer(500, 'RestException', 'The embedded engine failed to process the request.', null);
}

function answer(
  status: number,
  type: string,
  message: string,
  code: number | null,
  more: Readonly<Record<string, unknown>> = {},
): EngineResponse {
  return { status, headers: {}, body: { kind: 'json', value: { type, message, code, ...more } } };
}
