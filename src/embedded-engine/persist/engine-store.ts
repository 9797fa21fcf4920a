import type { InstanceSnapshot } from '../core/instance.snapshot.js';
import type { HistoryService } from '../core/engine-api.types.js';
import type {
  DefinitionRecord,
  DeploymentRecord,
  EventSubscriptionRecord,
  ExternalTaskLogRecord,
  ExternalTaskRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
  IncidentRecord,
  JobRecord,
  ResourceRecord,
  UserTaskRecord,
} from './records.types.js';

/** A deployment with everything that belongs to it. */
export interface DeploymentBundle {
  readonly deployment: DeploymentRecord;
  readonly resources: readonly ResourceRecord[];
  readonly definitions: readonly DefinitionRecord[];
}

/** Something whose snapshot the store takes when it writes; it never changes after the commit. */
export interface SnapshotSource {
  snapshot(): InstanceSnapshot;
}

/**
 * What one command changed, by id; null: removed. Applying change sets in the order of their commits gives the state.
 * Task and poll work of the same turn is in the same set.
 */
export interface ChangeSet {
  readonly deployments: Map<string, DeploymentBundle | null>;
  readonly instances: Map<string, SnapshotSource | null>;
  readonly tasks: Map<string, ExternalTaskRecord | null>;
  readonly incidents: Map<string, IncidentRecord | null>;
  readonly jobs: Map<string, JobRecord | null>;
  readonly subscriptions: Map<string, EventSubscriptionRecord | null>;
  readonly userTasks: Map<string, UserTaskRecord | null>;
  readonly historicInstances: Map<string, HistoricInstanceRecord>;
  readonly historicActivities: Map<string, HistoricActivityRecord>;
  readonly historicVariables: Map<string, HistoricVariableRecord>;
  readonly historicIncidents: Map<string, HistoricIncidentRecord>;
  readonly historicUserTasks: Map<string, HistoricUserTaskRecord>;
  readonly externalTaskLog: Map<string, ExternalTaskLogRecord>;
  /** Process instances whose history goes with their definition. */
  readonly forgottenInstances: Set<string>;
}

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
export interface EngineStore {
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
  note(changes: ChangeSet): Promise<void>;
  /** Reads of history. */
  readonly history: HistoryService;
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

/** An empty change set. */
export function emptyChangeSet(): ChangeSet {
  return {
    deployments: new Map(),
    instances: new Map(),
    tasks: new Map(),
    incidents: new Map(),
    jobs: new Map(),
    subscriptions: new Map(),
    userTasks: new Map(),
    historicInstances: new Map(),
    historicActivities: new Map(),
    historicVariables: new Map(),
    historicIncidents: new Map(),
    historicUserTasks: new Map(),
    externalTaskLog: new Map(),
    forgottenInstances: new Set(),
  };
}
