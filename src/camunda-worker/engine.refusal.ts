import { EngineMisconfiguredError, EngineResponseError, readEngineFault } from '../camunda-engine/index.js';
import type { Drawing } from '../common/bpmn-drawing/index.js';

const TOO_LARGE = 'the outcome is larger than the engine, or a proxy before it, takes (413).';

/** A refused outcome of a task. */
export interface RefusedOutcome {
  readonly error: Error;
  readonly processKey: string;
  readonly stepName: string;
  /** Element of the task. */
  readonly activityId: string;
  /** Code of the BPMN error that was reported; null for a completion. */
  readonly errorCode: string | null;
  /** Of the process; null if the process is not one of this service. */
  readonly drawing: Drawing | null;
}

/**
 * Says in one sentence that a step is done and why the engine does not go on behind it, naming process, step and, where
 * it can be found, the element.
 */
export function describeRefusal(refused: RefusedOutcome): string {
  const { error, processKey, stepName, activityId, errorCode, drawing } = refused;
  const what = errorCode === null ? 'succeeded' : `ended with the error ${errorCode}`;
  const from =
    errorCode === null ? [activityId] : (drawing?.boundariesOf(activityId) ?? []).map(({ id }) => id);
  const { place, reason } =
    error instanceof EngineResponseError
      ? readEngineFault(error.engineMessage, drawing, from)
      : { place: null, reason: isTooLarge(error) ? TOO_LARGE : 'it did not take the call.' };
  return `The step "${stepName}" of "${processKey}" ${what}, but the process engine cannot go on ${place ?? 'behind it'}: ${reason}`;
}

function isTooLarge(error: Error): boolean {
  return error instanceof EngineMisconfiguredError && error.status === 413;
}
