import { BadUserRequestError } from '../core/engine.errors.js';
import type { UnitOfWork } from '../core/unit-of-work.js';
import type { ExternalTaskRecord } from '../persist/records.types.js';
import { createIncident } from './incident.factory.js';

/** @throws BadUserRequest for a negative number */
export function setTaskRetries(work: UnitOfWork, id: string, retries: number): void {
  if (retries < 0) throw new BadUserRequestError('The number of retries cannot be negative');
  saveWithRetries(work, { ...work.task(id), retries });
}

/** Saves a task whose retries may have changed: none left is an incident, some again resolve it. */
export function saveWithRetries(work: UnitOfWork, task: ExternalTaskRecord): void {
  work.saveTask(task);
  if (task.retries !== 0) work.resolveIncident(task.id);
  else if (!work.hasIncident(task.id)) work.addIncident(createIncident(work.newId(), work.now, task));
}
