import { openInstance } from './instance.context.js';
import { BadUserRequestError } from '../state/engine.errors.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Suspends or activates an instance with its tasks, jobs and subscriptions. @throws NotFound */
export function setInstanceSuspended(work: UnitOfWork, id: string, suspended: boolean): void {
  const context = openInstance(work, id);
  if (context.instance.suspended === suspended) return;
  context.instance.suspended = suspended;
  context.root.visit(({ taskId, waits }) => {
    if (taskId !== null) work.saveTask({ ...work.task(taskId), suspended });
    for (const wait of waits ?? []) suspendWait(work, wait, suspended);
  });
  context.history.suspensionChanged();
}

function suspendWait(
  work: UnitOfWork,
  wait: { readonly kind: 'job' | 'subscription' | 'userTask'; readonly id: string },
  suspended: boolean,
): void {
  const { changes } = work;
  if (wait.kind === 'job') {
    changes.jobs.set(wait.id, { ...work.job(wait.id), suspended });
  } else if (wait.kind === 'subscription') {
    const subscription = work.subscription(wait.id);
    if (subscription !== undefined) changes.subscriptions.set(wait.id, { ...subscription, suspended });
  } else {
    const task = work.userTask(wait.id);
    if (task !== undefined) changes.userTasks.set(wait.id, { ...task, suspended });
  }
}

/** @throws BadUserRequest for a suspended instance */
export function assertInstanceActive(instance: ProcessInstanceState, what: string): void {
  if (!instance.suspended) return;
  throw new BadUserRequestError(`ENGINE-03043 ${what} is suspended.`, 'SuspendedEntityInteractionException');
}
