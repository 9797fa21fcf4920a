import { BadUserRequestError } from '../state/engine.errors.js';
import { raiseTaskIncident } from '../core/incident.factory.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import type { ExternalTaskRecord } from '../state/records.types.js';

/** @throws BadUserRequest for a negative number */
export function setTaskRetries(work: UnitOfWork, id: string, retries: number): void {
  if (retries < 0) throw new BadUserRequestError('The number of retries cannot be negative');
  saveWithRetries(work, { ...work.task(id), retries });
}

/**
 * Saves a task with changed retries: creates an incident at 0 and resolves it above 0.
 *
 * @param logId the entry of the task's log with the failure
 */
export function saveWithRetries(
  work: UnitOfWork,
  task: ExternalTaskRecord,
  logId: string | null = null,
): void {
  work.saveTask(task);
  if (task.retries === 0) raiseTaskIncident(work, task, logId);
  else work.endIncident(task.id, 'RESOLVED');
}
