import type { InstanceSnapshot } from './instance.snapshot.js';
import type { ChangeSet, DeploymentBundle } from './change-set.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from './records.types.js';

/** Everything that an engine needs to continue after a restart. */
export interface RecoveredState {
  /** In the order of their deployment. */
  readonly deployments: readonly DeploymentBundle[];
  readonly instances: readonly InstanceSnapshot[];
  /** In the order of their creation. */
  readonly tasks: readonly ExternalTaskRecord[];
  readonly incidents: readonly IncidentRecord[];
  readonly jobs: readonly JobRecord[];
  readonly subscriptions: readonly EventSubscriptionRecord[];
  readonly userTasks: readonly UserTaskRecord[];
}

/** Stores the engine's state. */
export interface StateStore {
  /** Returns the stored state. Called once, before the first command. */
  recover(): RecoveredState;
  /**
   * Commits the changes of one command; settles when they are durable. Commits are applied in order. A rejection stops
   * the engine, because its memory is then ahead of the store.
   */
  commit(changes: ChangeSet): Promise<void>;
  /**
   * Commits locks that may be lost with the process; settles when all earlier commits are durable. They are written
   * with the next commit of their instance, or after a short delay.
   */
  commitDeferrable(changes: ChangeSet): Promise<void>;
  /** Settles when all commits are durable. */
  close(): Promise<void>;
}

/** The state of an engine that has never run. */
export const NOTHING_RECOVERED: RecoveredState = {
  deployments: [],
  instances: [],
  tasks: [],
  incidents: [],
  jobs: [],
  subscriptions: [],
  userTasks: [],
};
