/**
 * The plain records that the engine keeps, queries and persists. Points in time are epoch milliseconds. A record is
 * never changed once it is committed: a change makes a new one.
 */
import type { TypedValue } from '../core/typed-value.types.js';

export interface DeploymentRecord {
  readonly id: string;
  readonly name: string | null;
  readonly source: string | null;
  readonly deploymentTime: number;
  readonly tenantId: string | null;
}

export interface ResourceRecord {
  readonly id: string;
  readonly name: string;
  readonly deploymentId: string;
  readonly bytes: Buffer;
}

export interface DefinitionRecord {
  /** `key:version:uuid`, or the UUID alone when that is longer than 64 characters. */
  readonly id: string;
  readonly key: string;
  readonly name: string | null;
  readonly version: number;
  readonly versionTag: string | null;
  /** File name of the resource that holds it. */
  readonly resource: string;
  readonly deploymentId: string;
  /** `targetNamespace` of the file; null where the model does not tell. */
  readonly category: string | null;
  readonly suspended: boolean;
  readonly tenantId: string | null;
  /** Days. */
  readonly historyTimeToLive: number | null;
  readonly description: string | null;
  readonly startableInTasklist: boolean;
}

export interface ExternalTaskRecord {
  readonly id: string;
  readonly topicName: string;
  readonly activityId: string;
  readonly activityInstanceId: string;
  readonly executionId: string;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly processDefinitionVersionTag: string | null;
  readonly businessKey: string | null;
  readonly tenantId: string | null;
  readonly suspended: boolean;
  readonly priority: number;
  readonly createTime: number;
  readonly workerId: string | null;
  readonly lockExpirationTime: number | null;
  /** Null until a failure or an explicit set. */
  readonly retries: number | null;
  /** At most 666 characters. */
  readonly errorMessage: string | null;
  readonly errorDetails: string | null;
}

export interface IncidentRecord {
  readonly id: string;
  readonly incidentType: 'failedExternalTask';
  readonly incidentTimestamp: number;
  readonly incidentMessage: string | null;
  /** Id of the external task. */
  readonly configuration: string;
  readonly activityId: string;
  readonly failedActivityId: string;
  readonly executionId: string;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly causeIncidentId: string;
  readonly rootCauseIncidentId: string;
  readonly tenantId: string | null;
}

export type HistoricInstanceState =
  'ACTIVE' | 'SUSPENDED' | 'COMPLETED' | 'EXTERNALLY_TERMINATED' | 'INTERNALLY_TERMINATED';

export interface HistoricInstanceRecord {
  readonly id: string;
  readonly businessKey: string | null;
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly processDefinitionName: string | null;
  readonly processDefinitionVersion: number;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly removalTime: number | null;
  readonly startActivityId: string;
  readonly endActivityId: string | null;
  readonly deleteReason: string | null;
  readonly superProcessInstanceId: string | null;
  readonly rootProcessInstanceId: string;
  readonly tenantId: string | null;
  readonly state: HistoricInstanceState;
}

export interface HistoricActivityRecord {
  readonly id: string;
  readonly parentActivityInstanceId: string;
  readonly activityId: string;
  readonly activityName: string | null;
  readonly activityType: string;
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly processInstanceId: string;
  readonly executionId: string;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly canceled: boolean;
  /** True for an end event that ended its scope. */
  readonly completeScope: boolean;
}

export interface HistoricVariableRecord {
  readonly id: string;
  readonly name: string;
  readonly value: TypedValue;
  readonly processDefinitionId: string;
  readonly processDefinitionKey: string;
  readonly processInstanceId: string;
  readonly executionId: string;
  readonly activityInstanceId: string;
  readonly createTime: number;
  readonly state: 'CREATED' | 'DELETED';
}
