import type { InterruptedTask } from './running-tasks.journal.js';

/** How many processes of this service have crashed while a task ran. */
export interface CrashCount {
  readonly taskId: string;
  readonly crashes: number;
}

/** Port to the durable counts, which all instances on one database share; optional, bound by the application. */
export abstract class CrashLedger {
  /**
   * Counts a crash for each task; a second call for the same process changes nothing.
   *
   * @param life id of the crashed process, see {@link OrphanedJournal.life}
   */
  abstract count(life: string, tasks: readonly InterruptedTask[]): Promise<void>;

  abstract all(): Promise<readonly CrashCount[]>;

  /** Deletes the count of a task whose outcome was reported. */
  abstract forget(taskId: string): Promise<void>;
}
