import type { InstanceSnapshot } from './instance.snapshot.js';
import type { ChangeSet, DeploymentBundle } from './change-set.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from './records.types.js';

/** Everything that an engine needs to go on where the last one stopped. */
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

/** Where the engine's state lives beyond the process. */
export interface StateStore {
  /** Read once, before the first command. */
  recover(): RecoveredState;
  /**
   * Takes one command's changes, in order; settles when they are durable. The command's answer waits for it. A
   * rejection stops the engine: its memory is then ahead of what is kept.
   */
  commit(changes: ChangeSet): Promise<void>;
  /**
   * Takes locks that need not outlive the process; settles when what was taken before them is durable. They are written
   * with the next commit that touches their instance, or soon by themselves.
   */
  commitDeferrable(changes: ChangeSet): Promise<void>;
  /** Settles when everything committed is durable. */
  close(): Promise<void>;
}

/** What an engine finds that has never run. */
export const NOTHING_RECOVERED: RecoveredState = {
  deployments: [],
  instances: [],
  tasks: [],
  incidents: [],
  jobs: [],
  subscriptions: [],
  userTasks: [],
};
