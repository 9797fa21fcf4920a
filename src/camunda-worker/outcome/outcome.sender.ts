import {
  abortableDelay,
  backOffMs,
  EngineMisconfiguredError,
  EngineResponseError,
  isConnectionTrouble,
} from '../../camunda-engine/index.js';
import type { RunningTask } from '../task/running-task.js';
import type { TaskOutcome } from './task-outcome.mapper.js';

/**
 * Result of sending an outcome.
 *
 * `accepted`. `gone`: the task no longer exists, because an earlier attempt was accepted or the instance has ended.
 * `lost`: another worker has locked the task. `refused`: the engine rejected the content. `unreachable`: every attempt
 * failed until the lock expired. `suspended`: the engine accepts it only after the instance is resumed.
 */
export type SendResult =
  | { readonly result: 'accepted' | 'gone' | 'lost' }
  | { readonly result: 'refused' | 'unreachable' | 'suspended'; readonly error: Error };

/** Engine codes of a transaction that was rolled back for another one: optimistic locking, deadlock. */
const ROLLED_BACK_CODES: ReadonlySet<number | null> = new Set([1, 10_000]);

/** Milliseconds before the call is repeated: a conflicting transaction ends soon, a broken connection takes longer. */
const COLLISION = { base: 20, max: 500 } as const;
const TROUBLE = { base: 100, max: 2_000 } as const;

/**
 * Sends the outcome of a task to the engine. Repeats the call after conflicts and connection errors until the lock
 * expires.
 *
 * @param heldUntil when the lock ends, on the clock of `performance.now()`
 * @param giveUp aborts when the service stops and can wait no longer
 */
export async function sendOutcome(
  task: RunningTask,
  outcome: TaskOutcome,
  heldUntil: number,
  giveUp: AbortSignal,
): Promise<SendResult> {
  for (let failures = 1; ; failures += 1) {
    try {
      await send(task, outcome);
      return { result: 'accepted' };
    } catch (error) {
      const verdict = classify(error, outcome);
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

function classify(thrown: unknown, outcome: TaskOutcome): Verdict {
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

/** True if the engine, or a proxy in front of it, will never accept a body of that size or content. */
function refusesBody({ status }: EngineMisconfiguredError, outcome: TaskOutcome): boolean {
  const hasOutcome = outcome.kind === 'failure' && outcome.localVariables !== undefined;
  return status === 413 || (status === 400 && hasOutcome);
}
