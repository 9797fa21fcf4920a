import { z } from 'zod';
import type { TypedVariables } from '../camunda-engine/index.js';
import type { RunningTask } from './running-task.js';
import type { TaskOutcome } from './task-outcome.mapper.js';

/** An outcome of finished work: what is reported again without the handler. */
export type FinishedOutcome = Extract<TaskOutcome, { readonly kind: 'complete' | 'bpmnError' }>;

/** Local variable of a task whose outcome the engine has refused. */
export const KEPT_OUTCOME = 'fastifyCamundaOutcome';

const variables = z.record(
  z.string(),
  z.looseObject({ value: z.unknown().optional(), type: z.string().optional() }),
);

const keptSchema = z.object({
  taskId: z.string(),
  outcome: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('complete'), variables }),
    z.object({ kind: z.literal('bpmnError'), errorCode: z.string(), errorMessage: z.string(), variables }),
  ]),
});

/** True for an outcome behind which no work is left to do. */
export function isFinished(outcome: TaskOutcome): outcome is FinishedOutcome {
  return outcome.kind === 'complete' || outcome.kind === 'bpmnError';
}

/** The outcome as a local variable, which the engine gives out with the task again, to whichever instance. */
export function keptAsVariable(taskId: string, outcome: FinishedOutcome): TypedVariables {
  return { [KEPT_OUTCOME]: { type: 'Json', value: JSON.stringify({ taskId, outcome }) } };
}

/**
 * The outcome that is kept beside a fetched task; null if there is none.
 *
 * The id of the task stands in it: a variable of that name which a client has sent means nothing.
 */
export function keptOutcomeOf({ taskId, fetched }: RunningTask): FinishedOutcome | null {
  const text = fetched.variables[KEPT_OUTCOME]?.value;
  if (typeof text !== 'string') return null;
  const kept = parse(text);
  // As it was sent: a schema's copy would lose what it does not name.
  return isKept(kept) && kept.taskId === taskId ? kept.outcome : null;
}

function isKept(value: unknown): value is { readonly taskId: string; readonly outcome: FinishedOutcome } {
  return keptSchema.safeParse(value).success;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
