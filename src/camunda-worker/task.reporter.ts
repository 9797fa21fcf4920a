import {
  abortableDelay,
  backOffMs,
  EngineMisconfiguredError,
  EngineResponseError,
  isConnectionTrouble,
} from '../camunda-engine/index.js';
import type { RunningTask } from './running-task.js';
import type { TaskOutcome } from './task-outcome.mapper.js';

/**
 * What became of an engine call: `accepted`; `gone`: the task is no longer there, so an earlier try was taken or the
 * instance has ended; `lost`: another worker has it; `refused`: the engine does not want it like that; `unreachable`:
 * it was repeated as long as the lock was held; `suspended`: the engine takes it only once the instance is active again.
 */
export type Report =
  | { readonly result: 'accepted' | 'gone' | 'lost' }
  | { readonly result: 'refused' | 'unreachable' | 'suspended'; readonly error: Error };

/** Engine codes of a transaction that lost against another one and was rolled back: optimistic locking, deadlock. */
const ROLLED_BACK_CODES: ReadonlySet<number | null> = new Set([1, 10_000]);

/** Milliseconds before a repetition: a colliding transaction is over in an instant, a broken way takes longer. */
const COLLISION = { base: 20, max: 500 } as const;
const TROUBLE = { base: 100, max: 2_000 } as const;

/**
 * Tells the engine the outcome of a task, again and again while the lock can be held and the way is only blocked.
 *
 * @param heldUntil when the lock ends, on the clock of `performance.now()`
 * @param giveUp aborts when the service can wait no longer
 */
export async function reportOutcome(
  task: RunningTask,
  outcome: TaskOutcome,
  heldUntil: number,
  giveUp: AbortSignal,
): Promise<Report> {
  for (let failures = 1; ; failures += 1) {
    try {
      await send(task, outcome);
      return { result: 'accepted' };
    } catch (error) {
      const verdict = judge(error, outcome);
      if (typeof verdict === 'string') return { result: verdict };
      if (verdict.repeat === null) {
        const { error: refusal } = verdict;
        const isSuspended = refusal instanceof EngineResponseError && refusal.suspended;
        return { result: isSuspended ? 'suspended' : 'refused', error: refusal };
      }
      const delayMs = backOffMs(failures, verdict.repeat.base, verdict.repeat.max);
      if (performance.now() + delayMs >= heldUntil || !(await abortableDelay(delayMs, giveUp))) {
        return { result: 'unreachable', error: verdict.error };
      }
      task.logger.debug('An engine call is repeated.', { outcome: outcome.kind, failures, err: error });
    }
  }
}

function send(task: RunningTask, outcome: TaskOutcome): Promise<void> {
  const { calls, taskId } = task;
  switch (outcome.kind) {
    case 'complete':
      return calls.complete(taskId, outcome.variables);
    case 'bpmnError':
      return calls.bpmnError(taskId, {
        errorCode: outcome.errorCode,
        errorMessage: outcome.errorMessage,
        variables: outcome.variables,
      });
    case 'failure':
      return calls.failure(taskId, {
        errorMessage: outcome.errorMessage,
        errorDetails: outcome.errorDetails,
        retries: outcome.retries,
        retryTimeout: outcome.retryTimeout,
        ...(outcome.localVariables === undefined ? {} : { localVariables: outcome.localVariables }),
      });
    case 'unlock':
      return calls.unlock(taskId);
  }
}

type Verdict =
  'gone' | 'lost' | { readonly repeat: typeof COLLISION | typeof TROUBLE | null; readonly error: Error };

function judge(thrown: unknown, outcome: TaskOutcome): Verdict {
  if (thrown instanceof EngineResponseError) {
    if (thrown.status === 404) return 'gone';
    if (thrown.status === 400 && /locked by worker/i.test(thrown.engineMessage)) return 'lost';
    const rolledBack = thrown.optimisticLocking || ROLLED_BACK_CODES.has(thrown.code);
    return { repeat: rolledBack ? COLLISION : null, error: thrown };
  }
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const isMisconfigured = error instanceof EngineMisconfiguredError && !refusesBody(error, outcome);
  const passes = isConnectionTrouble(error) || isMisconfigured;
  return { repeat: passes ? TROUBLE : null, error };
}

/** True where something before the engine does not let a body of that size or content through, however often. */
function refusesBody({ status }: EngineMisconfiguredError, outcome: TaskOutcome): boolean {
  const hasOutcome = outcome.kind === 'failure' && outcome.localVariables !== undefined;
  return status === 413 || (status === 400 && hasOutcome);
}
