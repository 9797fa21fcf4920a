import {
  EngineAmbiguousError,
  type EngineCallError,
  EngineMisconfiguredError,
} from '../../camunda-engine/index.js';

/** True if the engine may have executed a call that failed. */
export function mayBeExecuted(error: EngineCallError): boolean {
  if (error instanceof EngineAmbiguousError) return true;
  // An answer that is not the engine's does not show what the engine did, unless it refuses the request.
  return error instanceof EngineMisconfiguredError && error.status !== null && error.status >= 500;
}
