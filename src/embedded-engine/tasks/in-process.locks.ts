import type { ChangeSet } from '../state/change-set.js';
import type { ExternalTaskRecord } from '../state/records.types.js';

/** The lock of a task. */
export interface TaskLock {
  readonly workerId: string | null;
  /** Epoch milliseconds. */
  readonly lockExpirationTime: number | null;
}

/**
 * Locks of workers in this process that may not be durable yet. They outlive an engine that reads its state back from
 * the file in the same process, because the workers continue.
 */
export class InProcessLocks {
  private readonly locks = new Map<string, TaskLock>();

  constructor(carriedOver: Iterable<readonly [string, TaskLock]> = []) {
    for (const [id, lock] of carriedOver) this.locks.set(id, lock);
  }

  /** The locks by task id. */
  entries(): Iterable<readonly [string, TaskLock]> {
    return this.locks;
  }

  /** Adds locks whose fetch was answered. */
  add(changes: ChangeSet): void {
    for (const [id, task] of changes.tasks) {
      if (task !== null)
        this.locks.set(id, { workerId: task.workerId, lockExpirationTime: task.lockExpirationTime });
    }
  }

  /** Removes locks that are durable now. */
  confirm(changes: ChangeSet): void {
    if (this.locks.size === 0) return;
    for (const id of changes.tasks.keys()) this.locks.delete(id);
  }

  /** Restores a task with the lock that its worker holds, or with the stored lock if that expires later. */
  restore(task: ExternalTaskRecord): ExternalTaskRecord {
    const lock = this.locks.get(task.id);
    if (lock === undefined) return task;
    const { workerId, lockExpirationTime } = lock;
    if (lockExpirationTime === null || (task.lockExpirationTime ?? 0) >= lockExpirationTime) return task;
    return { ...task, workerId, lockExpirationTime };
  }

  /** Removes the locks of tasks that no longer exist. */
  retain(isThere: (id: string) => boolean): void {
    for (const id of [...this.locks.keys()]) if (!isThere(id)) this.locks.delete(id);
  }
}
