import { BadUserRequestError } from '../core/engine.errors.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import { assertActive, assertWorker, requirePositive, requireWorker } from './task.checks.js';

/** Locks a task that is free, whose lock has run out, or that the worker has already. */
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

/** Makes a live lock end `newDuration` milliseconds from now. */
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
  // Camunda's own text has the second quote.
  assertWorker(task, worker, `The lock of the External Task ${id} cannot be extended`, "'");
  if (task.lockExpirationTime === null || task.lockExpirationTime <= work.now) {
    throw new BadUserRequestError('Cannot extend a lock that expired');
  }
  work.saveTask({ ...task, lockExpirationTime: work.now + duration });
}

/** Anybody may take a lock away. */
export function unlockTask(work: UnitOfWork, id: string): void {
  work.saveTask({ ...work.task(id), workerId: null, lockExpirationTime: null });
}
