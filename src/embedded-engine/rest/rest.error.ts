import { EngineError, type EngineErrorKind } from '../core/engine.errors.js';
import { ExpressionError } from '../el/index.js';
import { BpmnParseError } from '../model/index.js';
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
};

/** HTTP status of an engine error. */
export function statusOf(error: EngineError): number {
  return STATUS[error.kind];
}

/** Wraps an engine error as the REST resources do: RestException with the engine's code. */
export function restException(error: EngineError, status: number, message: string): RestError {
  return new RestError(status, 'RestException', message, error.engineCode, { cause: error });
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
