import { BadUserRequestError } from '../state/engine.errors.js';
import type { EngineState } from '../state/engine.state.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { type ChangeSet, emptyChangeSet } from '../state/change-set.js';
import { assertActive, assertWorker, requirePositive, requireWorker } from './task.checks.js';

/** Locks a task that is free, whose lock has expired, or that the worker has locked already. */
export function lockTask(
  work: UnitOfWork,
  id: string,
  workerId: string | null,
  lockDuration: number | null,
): void {
  const worker = requireWorker(workerId);
  const duration = requirePositive(lockDuration, 'lockDuration');
  const task = work.task(id);
  const held = task.lockExpirationTime !== null && task.lockExpirationTime > work.now;
  if (held) assertWorker(task, worker, `External Task ${id} cannot be locked`);
  work.saveTask({ ...task, workerId: worker, lockExpirationTime: work.now + duration });
}

/**
 * Shifts the expiration of all locks and pending retries when the clock was set: they are durations, stored as wall
 * clock times.
 *
 * @param byMs negative for a clock that was set back
 */
export function moveLocks(
  state: EngineState,
  byMs: number,
  committer: { commit(changes: ChangeSet): Promise<void> },
): void {
  const changes = emptyChangeSet();
  for (const task of state.tasks.values()) {
    const { lockExpirationTime } = task;
    if (lockExpirationTime === null) continue;
    changes.tasks.set(task.id, { ...task, lockExpirationTime: lockExpirationTime + byMs });
  }
  for (const [id, task] of changes.tasks) state.putTask(id, task);
  // A store that rejects the commit stops the engine, which rejects the waiting polls.
  committer.commit(changes).catch(() => undefined);
}

/** Sets the expiration of a lock to `newDuration` milliseconds from now. */
export function extendTaskLock(
  work: UnitOfWork,
  id: string,
  workerId: string | null,
  newDuration: number | null,
): void {
  const worker = requireWorker(workerId);
  const duration = requirePositive(newDuration, 'newDuration');
  const task = work.task(id);
  assertActive(task);
  // Camunda's message has this second quote.
  assertWorker(task, worker, `The lock of the External Task ${id} cannot be extended`, "'");
  if (task.lockExpirationTime === null || task.lockExpirationTime <= work.now) {
    throw new BadUserRequestError('Cannot extend a lock that expired');
  }
  work.saveTask({ ...task, lockExpirationTime: work.now + duration });
}

/** Unlocks a task; no worker check, as in Camunda. */
export function unlockTask(work: UnitOfWork, id: string): void {
  work.saveTask({ ...work.task(id), workerId: null, lockExpirationTime: null });
}
