import type { LeftOver } from './delivery.journal.js';

/** How often a task has taken a process of this service down. */
export interface DeliveryCount {
  readonly taskId: string;
  readonly deaths: number;
}

/** The durable counts, shared by all instances over one database; bound by the application, where there are any. */
export abstract class DeliveryLedger {
  /** Counts a death for each task; a second call for the same life changes nothing. */
  abstract count(life: string, tasks: readonly LeftOver[]): Promise<void>;

  abstract all(): Promise<readonly DeliveryCount[]>;

  /** Deletes the count of a task whose outcome was reported. */
  abstract forget(taskId: string): Promise<void>;
}
