import { EngineError, type EngineErrorKind } from '../../state/engine.errors.js';
import { ExpressionError } from '../../el/index.js';
import { BpmnParseError } from '../../model/index.js';
import type { EngineResponse } from './http.types.js';

/** A refusal of the REST layer itself, with the status and body that Camunda 7 gives. */
export class RestError extends Error {
  override readonly name = 'RestError';

  /**
   * @param type simple name of Camunda's Java class
   * @param code of the engine exception behind it, null where there is none
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

/** 500 IllegalArgumentException: what a constructor in Camunda refuses and no resource of its catches. */
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
  // Camunda's 500 says that the transaction was rolled back, which nobody knows here.
  Stopped: 503,
};

/** HTTP status of an engine error. */
function statusOf(error: EngineError): number {
  return STATUS[error.kind];
}

/** Wraps an engine error as the REST resources do: RestException with the engine's code. */
export function restException(error: EngineError, status: number, message: string): RestError {
  return new RestError(status, 'RestException', message, error.engineCode, { cause: error });
}

/**
 * Runs a command the way most of Camunda's resources do: whatever refuses it comes back under one sentence, 400 for what
 * the request says wrongly and 500 for what the engine says. What not even Camunda foresees passes as it is.
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

/** The answer for anything that a handler throws. Null: not foreseen, the caller logs it and answers 500. */
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

/** The answer for an error that nobody foresaw; it shows nothing of it. */
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
