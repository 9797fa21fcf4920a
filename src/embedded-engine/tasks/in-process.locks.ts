import type { ChangeSet } from '../state/change-set.js';
import type { ExternalTaskRecord } from '../state/records.types.js';

/** The lock of a task, as its record has it. */
export interface TaskLock {
  readonly workerId: string | null;
  /** Epoch milliseconds. */
  readonly lockExpirationTime: number | null;
}

/**
 * Locks that callers in this process have been given before they were durable. They outlive an engine that has to read
 * its state back from the file in the same process, because their workers do.
 */
export class InProcessLocks {
  private readonly locks = new Map<string, TaskLock>();

  constructor(carriedOver: Iterable<readonly [string, TaskLock]> = []) {
    for (const [id, lock] of carriedOver) this.locks.set(id, lock);
  }

  /** By the id of the task. */
  entries(): Iterable<readonly [string, TaskLock]> {
    return this.locks;
  }

  /** Their fetch is answered. */
  add(changes: ChangeSet): void {
    for (const [id, task] of changes.tasks) {
      if (task !== null)
        this.locks.set(id, { workerId: task.workerId, lockExpirationTime: task.lockExpirationTime });
    }
  }

  /** What is durable now is as the file has it. */
  confirm(changes: ChangeSet): void {
    if (this.locks.size === 0) return;
    for (const id of changes.tasks.keys()) this.locks.delete(id);
  }

  /** A task of the file with the lock that its worker knows of; the file's own where that is the later one. */
  restore(task: ExternalTaskRecord): ExternalTaskRecord {
    const lock = this.locks.get(task.id);
    if (lock === undefined) return task;
    const { workerId, lockExpirationTime } = lock;
    if (lockExpirationTime === null || (task.lockExpirationTime ?? 0) >= lockExpirationTime) return task;
    return { ...task, workerId, lockExpirationTime };
  }

  /** Drops those of tasks that are not there any more. */
  retain(isThere: (id: string) => boolean): void {
    for (const id of [...this.locks.keys()]) if (!isThere(id)) this.locks.delete(id);
  }
}
