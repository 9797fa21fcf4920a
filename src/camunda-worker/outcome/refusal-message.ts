import {
  EngineMisconfiguredError,
  EngineResponseError,
  readEngineFault,
} from '../../camunda-engine/index.js';
import type { BpmnModel } from '../../common/bpmn-model/index.js';

const TOO_LARGE = 'the outcome is larger than the engine, or a proxy in front of it, accepts (413).';

/** An outcome of a task that the engine refused. */
export interface RefusedOutcome {
  readonly error: Error;
  readonly processKey: string;
  readonly stepName: string;
  /** BPMN element of the task. */
  readonly activityId: string;
  /** Code of the BPMN error that was reported; null for a completion. */
  readonly errorCode: string | null;
  /** The process's BPMN; null if the process is not one of this service. */
  readonly model: BpmnModel | null;
}

/**
 * Describes in one sentence why the engine cannot go on after a step that has done its work. Names process, step and, if
 * it can be found, the element at fault.
 */
export function describeRefusal(refused: RefusedOutcome): string {
  const { error, processKey, stepName, activityId, errorCode, model } = refused;
  const what = errorCode === null ? 'succeeded' : `ended with the error ${errorCode}`;
  const from =
    errorCode === null ? [activityId] : (model?.boundariesOf(activityId) ?? []).map(({ id }) => id);
  const { place, reason } =
    error instanceof EngineResponseError
      ? readEngineFault(error.engineMessage, model, from)
      : { place: null, reason: isTooLarge(error) ? TOO_LARGE : 'it did not accept the call.' };
  return `The step "${stepName}" of "${processKey}" ${what}, but the process engine cannot go on ${place ?? 'after it'}: ${reason}`;
}

function isTooLarge(error: Error): boolean {
  return error instanceof EngineMisconfiguredError && error.status === 413;
}
