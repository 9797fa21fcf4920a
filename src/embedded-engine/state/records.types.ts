/**
 * The records that the engine keeps, queries and persists. Points in time are epoch milliseconds. A committed record is
 * immutable: a change creates a new one.
 */
import type { TypedValue } from './typed-value.types.js';

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
  /** Name of the resource that contains it. */
  readonly resource: string;
  readonly deploymentId: string;
  /** `targetNamespace` of the file; null if the file has none. */
  readonly category: string | null;
  readonly suspended: boolean;
  readonly tenantId: string | null;
  /** Days. */
  readonly historyTimeToLive: number | null;
  readonly description: string | null;
  readonly startableInTasklist: boolean;
}

/** The execution of a running or ended instance that a record belongs to. */
interface InExecution {
  /** Element id. */
  readonly activityId: string;
  readonly executionId: string;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly tenantId: string | null;
}

/** The activity instance of an execution that a record belongs to. */
interface InActivityInstance extends InExecution {
  readonly activityInstanceId: string;
}

export interface ExternalTaskRecord extends InActivityInstance {
  readonly id: string;
  readonly topicName: string;
  readonly processDefinitionKey: string;
  readonly processDefinitionVersionTag: string | null;
  readonly businessKey: string | null;
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

/**
 * A timer. Its activity is the event that the timer triggers: an intermediate, boundary or start event. Its activity
 * instance is the one that waits: the catching event, the host of a boundary event, or the scope of an event sub-process.
 */
export interface JobRecord extends InActivityInstance {
  readonly id: string;
  readonly dueDate: number;
  /** Attempts left; at 0 the job has an incident. */
  readonly retries: number;
  readonly exceptionMessage: string | null;
  readonly exceptionStacktrace: string | null;
  /** Id of the activity in which the last attempt failed. */
  readonly failedActivityId: string | null;
  readonly createTime: number;
  readonly suspended: boolean;
  readonly priority: number;
  readonly processDefinitionKey: string;
}

/**
 * A subscription of a running instance to a message. Its activity is the event or receive task that receives the message;
 * its activity instance is the one that waits, as in {@link JobRecord}.
 */
export interface EventSubscriptionRecord extends InActivityInstance {
  readonly id: string;
  readonly eventType: 'message';
  readonly eventName: string;
  readonly createTime: number;
  readonly suspended: boolean;
}

/** What a user task and its history have in common; the element id is Camunda's `taskDefinitionKey`. */
interface UserTaskAttributes extends InActivityInstance {
  readonly name: string | null;
  readonly description: string | null;
  readonly assignee: string | null;
  readonly owner: string | null;
  readonly priority: number;
  readonly dueDate: number | null;
  readonly followUpDate: number | null;
}

/** A user task. */
export interface UserTaskRecord extends UserTaskAttributes {
  readonly id: string;
  readonly candidateUsers: readonly string[];
  readonly candidateGroups: readonly string[];
  readonly createTime: number;
  readonly formKey: string | null;
  readonly suspended: boolean;
}

export interface IncidentRecord extends InExecution {
  readonly id: string;
  readonly incidentType: 'failedExternalTask' | 'failedJob';
  readonly incidentTimestamp: number;
  readonly incidentMessage: string | null;
  /** Id of the external task or job; null for an incident that a called instance propagated. */
  readonly configuration: string | null;
  /** Id of the entry in the task's log; null for a job, and if a client set the retries to 0. */
  readonly historyConfiguration: string | null;
  /** Id of the activity in which a job failed; null for an external task. */
  readonly failedActivityId: string | null;
  readonly causeIncidentId: string;
  readonly rootCauseIncidentId: string;
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
  /** Id of the user task, if the activity is one. */
  readonly taskId: string | null;
  readonly assignee: string | null;
  /** Id of the instance that a call activity called. */
  readonly calledProcessInstanceId: string | null;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly canceled: boolean;
  /** Increases from one activity instance of the engine to the next. */
  readonly sequence: number;
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

/** An incident in history, open or not. */
export interface HistoricIncidentRecord extends IncidentRecord {
  readonly endTime: number | null;
  readonly state: 'OPEN' | 'RESOLVED' | 'DELETED';
}

/** One entry of an external task's log: created, failed, completed, or deleted. */
export interface ExternalTaskLogRecord extends InActivityInstance {
  readonly id: string;
  readonly timestamp: number;
  readonly event: 'CREATED' | 'FAILED' | 'SUCCESSFUL' | 'DELETED';
  readonly externalTaskId: string;
  readonly topicName: string;
  readonly workerId: string | null;
  readonly retries: number | null;
  readonly priority: number;
  readonly errorMessage: string | null;
  readonly errorDetails: string | null;
  readonly processDefinitionKey: string;
}

/** A user task in history, open or not. */
export interface HistoricUserTaskRecord extends UserTaskAttributes {
  readonly id: string;
  readonly startTime: number;
  readonly endTime: number | null;
  /** `completed`, `deleted` or the reason of a cancellation; null while the task is open. */
  readonly deleteReason: string | null;
  readonly processDefinitionKey: string;
}
