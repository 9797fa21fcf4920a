import { z } from 'zod';
import type { TypedVariables } from '../../camunda-engine/index.js';
import type { RunningTask } from '../task/running-task.js';
import type { TaskOutcome } from './task-outcome.mapper.js';

/** An outcome of finished work: it can be reported again without running the handler. */
export type FinishedOutcome = Extract<TaskOutcome, { readonly kind: 'complete' | 'bpmnError' }>;

/** Name of the local variable that stores an outcome beside its task after the engine refused it (decision 0023). */
export const OUTCOME_VARIABLE = 'fastifyCamundaOutcome';

const variables = z.record(
  z.string(),
  z.looseObject({ value: z.unknown().optional(), type: z.string().optional() }),
);

const storedSchema = z.object({
  taskId: z.string(),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('complete'), variables }),
    z.object({ kind: z.literal('bpmnError'), errorCode: z.string(), errorMessage: z.string(), variables }),
  ]),
});

/** True if the handler's work is done, and only the report is missing. */
export function isFinished(outcome: TaskOutcome): outcome is FinishedOutcome {
  return outcome.kind === 'complete' || outcome.kind === 'bpmnError';
}

/** The outcome as a local variable of the task; the engine delivers it with the task, to any instance of the service. */
export function toOutcomeVariable(taskId: string, outcome: FinishedOutcome): TypedVariables {
  return { [OUTCOME_VARIABLE]: { type: 'Json', value: JSON.stringify({ taskId, outcome }) } };
}

/**
 * The outcome that is stored beside a fetched task; null if there is none.
 *
 * The stored value names the task, so a process variable of the same name that a client sent has no effect.
 */
export function storedOutcomeOf({ taskId, fetched }: RunningTask): FinishedOutcome | null {
  const text = fetched.variables[OUTCOME_VARIABLE]?.value;
  if (typeof text !== 'string') return null;
  const stored = parse(text);
  // The parsed text itself is returned: the schema's copy would drop members that the schema does not name.
  return isStored(stored) && stored.taskId === taskId ? stored.outcome : null;
}

function isStored(value: unknown): value is { readonly taskId: string; readonly outcome: FinishedOutcome } {
  return storedSchema.safeParse(value).success;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
