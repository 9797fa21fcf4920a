import type { InstanceSnapshot } from './instance.snapshot.js';
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

/** A deployment with its resources and definitions. */
export interface DeploymentBundle {
  readonly deployment: DeploymentRecord;
  readonly resources: readonly ResourceRecord[];
  readonly definitions: readonly DefinitionRecord[];
}

/** Provides a snapshot when the store writes; immutable after the commit. */
export interface SnapshotSource {
  snapshot(): InstanceSnapshot;
}

/**
 * The changes of one command, by id; null: removed. Applying all change sets in commit order results in the state.
 * Follow-up work on tasks and polls is in the same set.
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
  /** Ids of the process instances whose history is deleted. */
  readonly deletedHistories: Set<string>;
}

/** Creates an empty change set. */
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
    deletedHistories: new Set(),
  };
}
