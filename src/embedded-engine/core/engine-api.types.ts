/**
 * The engine as `rest/` sees it: four services, named after Camunda's own, over plain records.
 *
 * Commands (they return promises) run one at a time, are atomic, and settle when the store has their changes.
 * Reads answer from memory at once. A `find…` gives null for an unknown id; commands throw `EngineError`.
 * In every query a filter that is absent does not filter; several filters are joined by AND.
 */
import type {
  DefinitionRecord,
  DeploymentRecord,
  ExternalTaskRecord,
  ExternalTaskLogRecord,
  HistoricActivityRecord,
  HistoricIncidentRecord,
  HistoricInstanceRecord,
  HistoricInstanceState,
  HistoricUserTaskRecord,
  HistoricVariableRecord,
  IncidentRecord,
  ResourceRecord,
} from '../persist/records.types.js';
import type { TypedValue, Variables } from './typed-value.types.js';

/** Makes each property of a filter absent or undefined alike, so that parsed query strings fit as they are. */
export type Filter<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Paging and order; `sortBy` is a property of the record or one of the names beside it. */
export interface Page<Key extends string> {
  readonly firstResult?: number | undefined;
  readonly maxResults?: number | undefined;
  readonly sorting?: readonly Sorting<Key>[] | undefined;
}

export interface Sorting<Key extends string> {
  readonly sortBy: Key;
  readonly sortOrder: 'asc' | 'desc';
}

/** One comparison of a variable filter (`name_operator_value`). */
export interface VariableFilter {
  readonly name: string;
  readonly operator: 'eq' | 'neq' | 'gt' | 'gteq' | 'lt' | 'lteq' | 'like' | 'notLike';
  /** Compared with the variable's plain value; Dates as epoch milliseconds. */
  readonly value: unknown;
}

// ---- repository -------------------------------------------------------------------------------------------------

export interface DeploymentInput {
  readonly name: string | null;
  readonly source: string | null;
  readonly tenantId: string | null;
  /** Nothing changed since the last deployment of that name: the old one comes back. */
  readonly enableDuplicateFiltering: boolean;
  /** Only the resources that changed are deployed; implies duplicate filtering. */
  readonly deployChangedOnly: boolean;
  readonly resources: readonly { readonly name: string; readonly bytes: Buffer }[];
}

export interface DeploymentResult {
  readonly deployment: DeploymentRecord;
  /** Those that this call made; empty when the old deployment came back. */
  readonly definitions: readonly DefinitionRecord[];
}

export type DeploymentQuery = Filter<{
  id: string;
  name: string;
  nameLike: string;
  source: string;
  withoutSource: true;
  before: number;
  after: number;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<'id' | 'name' | 'deploymentTime' | 'tenantId'>;

export type DefinitionQuery = Filter<{
  processDefinitionId: string;
  processDefinitionIdIn: readonly string[];
  key: string;
  keysIn: readonly string[];
  keyLike: string;
  name: string;
  nameLike: string;
  version: number;
  latestVersion: true;
  deploymentId: string;
  resourceName: string;
  resourceNameLike: string;
  suspended: true;
  active: true;
  versionTag: string;
  versionTagLike: string;
  withoutVersionTag: true;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<'id' | 'key' | 'name' | 'version' | 'deploymentId' | 'category' | 'tenantId' | 'versionTag'>;

export interface RepositoryService {
  /**
   * Compiles and deploys all resources or none.
   * @throws what the compiler throws for a resource that it refuses; BadUserRequest without resources
   */
  deploy(input: DeploymentInput): Promise<DeploymentResult>;
  findDeployments(query: DeploymentQuery): readonly DeploymentRecord[];
  countDeployments(query: DeploymentQuery): number;
  findDeployment(id: string): DeploymentRecord | null;
  findResources(deploymentId: string): readonly ResourceRecord[];
  /** @throws NotFound; ProcessEngine while instances run and `cascade` is false */
  deleteDeployment(id: string, options: { readonly cascade: boolean }): Promise<void>;
  /** @throws NotFound; ProcessEngine while instances run and `cascade` is false */
  deleteDefinition(id: string, options: { readonly cascade: boolean }): Promise<void>;
  findDefinitions(query: DefinitionQuery): readonly DefinitionRecord[];
  countDefinitions(query: DefinitionQuery): number;
  findDefinition(id: string): DefinitionRecord | null;
  /** The latest version without a tenant. */
  findLatestDefinition(key: string, tenantId?: string | null): DefinitionRecord | null;
  /**
   * A suspended definition starts no instance.
   * @param includeProcessInstances whether its instances follow
   * @throws NotFound
   */
  setDefinitionSuspended(id: string, suspended: boolean, includeProcessInstances: boolean): Promise<void>;
  /** Days that the history of later ended instances lives; null: for ever. @throws NotFound, BadUserRequest */
  setHistoryTimeToLive(id: string, days: number | null): Promise<void>;
  /** The resource of a definition, for `/xml`. */
  findDefinitionResource(id: string): ResourceRecord | null;
}

// ---- runtime ----------------------------------------------------------------------------------------------------

export interface ProcessInstanceView {
  readonly id: string;
  readonly definitionId: string;
  readonly definitionKey: string;
  readonly businessKey: string | null;
  readonly ended: boolean;
  readonly suspended: boolean;
  readonly tenantId: string | null;
}

export interface StartInput {
  readonly businessKey: string | null;
  readonly variables: Variables;
}

export interface StartResult extends ProcessInstanceView {
  /** Process variables, transient ones among them, at the first wait state, or at the end when the instance ran through. */
  readonly variables: Variables;
}

export type ProcessInstanceQuery = Filter<{
  processInstanceIds: readonly string[];
  businessKey: string;
  businessKeyLike: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processDefinitionKeyNotIn: readonly string[];
  deploymentId: string;
  active: true;
  suspended: true;
  withIncident: true;
  incidentId: string;
  incidentType: string;
  incidentMessage: string;
  incidentMessageLike: string;
  activityIdIn: readonly string[];
  variables: readonly VariableFilter[];
  tenantIdIn: readonly string[];
  withoutTenantId: true;
  rootProcessInstances: true;
  leafProcessInstances: true;
  /** Of the caller. */
  superProcessInstance: string;
  /** Of the called. */
  subProcessInstance: string;
}> &
  Page<'instanceId' | 'definitionKey' | 'definitionId' | 'tenantId' | 'businessKey'>;

/** Tree of what an instance does now; the root stands for the instance itself. */
export interface ActivityInstanceView {
  /** `activityId:uuid`; the root's is the process instance id. */
  readonly id: string;
  readonly parentActivityInstanceId: string | null;
  /** The root's is the process definition id. */
  readonly activityId: string;
  readonly activityName: string | null;
  /** `processDefinition` at the root. */
  readonly activityType: string;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly executionIds: readonly string[];
  readonly childActivityInstances: readonly ActivityInstanceView[];
  readonly incidents: readonly { readonly id: string; readonly activityId: string }[];
}

export type IncidentQuery = Filter<{
  incidentId: string;
  incidentType: string;
  incidentMessage: string;
  incidentMessageLike: string;
  processDefinitionId: string;
  processDefinitionKeyIn: readonly string[];
  processInstanceId: string;
  executionId: string;
  activityId: string;
  failedActivityId: string;
  causeIncidentId: string;
  rootCauseIncidentId: string;
  configuration: string;
  incidentTimestampBefore: number;
  incidentTimestampAfter: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'incidentId'
    | 'incidentTimestamp'
    | 'incidentType'
    | 'activityId'
    | 'processInstanceId'
    | 'processDefinitionId'
  >;

export interface DeleteInstanceOptions {
  readonly deleteReason: string | null;
  /** Leave output mappings out, and called instances alone. */
  readonly skipIoMappings: boolean;
  readonly skipSubprocesses: boolean;
}

/** A variable where it lives, as `/variable-instance` shows it. */
export interface VariableInstanceView {
  readonly id: string;
  readonly name: string;
  readonly value: TypedValue;
  readonly processInstanceId: string;
  readonly processDefinitionId: string;
  readonly executionId: string;
  readonly activityInstanceId: string;
  readonly tenantId: string | null;
}

export type VariableInstanceQuery = Filter<{
  variableName: string;
  variableNameLike: string;
  processInstanceIdIn: readonly string[];
  executionIdIn: readonly string[];
  activityInstanceIdIn: readonly string[];
  variableValues: readonly VariableFilter[];
  tenantIdIn: readonly string[];
}> &
  Page<'variableName' | 'variableType' | 'activityInstanceId' | 'tenantId'>;

/** One execution: a path of an instance on which something waits, or a scope. */
export interface ExecutionView {
  readonly id: string;
  readonly processInstanceId: string;
  readonly ended: boolean;
  readonly tenantId: string | null;
}

export type ExecutionQuery = Filter<{
  processInstanceId: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  businessKey: string;
  activityId: string;
  messageEventSubscriptionName: string;
  active: true;
  suspended: true;
  tenantIdIn: readonly string[];
}> &
  Page<'instanceId' | 'definitionKey' | 'definitionId' | 'tenantId'>;

export interface RuntimeService {
  /** @throws NotFound for an unknown definition; ProcessEngine where running it to the first wait state fails */
  startProcessInstance(processDefinitionId: string, input: StartInput): Promise<StartResult>;
  findProcessInstances(query: ProcessInstanceQuery): readonly ProcessInstanceView[];
  countProcessInstances(query: ProcessInstanceQuery): number;
  /** Null as soon as the instance has ended. */
  findProcessInstance(id: string): ProcessInstanceView | null;
  findActivityInstanceTree(processInstanceId: string): ActivityInstanceView | null;
  /** @throws NotFound */
  deleteProcessInstance(id: string, options: DeleteInstanceOptions): Promise<void>;
  /** Suspended: nothing of the instance can be fetched, completed, correlated or fired. An unknown one is nothing to do. */
  setSuspended(processInstanceId: string, suspended: boolean): Promise<void>;
  /** Variables that an execution sees (`id` an instance's or an execution's); null for an unknown id. */
  findVariables(id: string, options?: { readonly local: boolean }): Variables | null;
  /** @throws NullValue for an unknown instance or execution */
  changeVariables(id: string, modifications: Variables, deletions: readonly string[]): Promise<void>;
  findIncidents(query: IncidentQuery): readonly IncidentRecord[];
  countIncidents(query: IncidentQuery): number;
  findIncident(id: string): IncidentRecord | null;
  findVariableInstances(query: VariableInstanceQuery): readonly VariableInstanceView[];
  countVariableInstances(query: VariableInstanceQuery): number;
  findExecutions(query: ExecutionQuery): readonly ExecutionView[];
  countExecutions(query: ExecutionQuery): number;
  /** Null for an unknown id. */
  findExecution(id: string): ExecutionView | null;
  /** Variables of the execution's own scope only. @throws NullValue for an unknown execution */
  changeLocalVariables(id: string, modifications: Variables, deletions: readonly string[]): Promise<void>;
  /** Forgets an ended instance. @throws NotFound for one that is unknown, or that still runs */
  deleteHistoricInstance(id: string): Promise<void>;
  /** Lets a receive task go on. @throws BadUserRequest, ProcessEngine for an execution that waits for nothing of the kind */
  signal(executionId: string, variables: Variables): Promise<void>;
}

// ---- external tasks ---------------------------------------------------------------------------------------------

export interface TopicSubscription {
  readonly topicName: string;
  /** Milliseconds. */
  readonly lockDuration: number;
  readonly businessKey?: string | undefined;
  readonly processDefinitionId?: string | undefined;
  readonly processDefinitionIdIn?: readonly string[] | undefined;
  readonly processDefinitionKey?: string | undefined;
  readonly processDefinitionKeyIn?: readonly string[] | undefined;
  /** SQL LIKE pattern. */
  readonly processDefinitionVersionTag?: string | undefined;
  readonly withoutTenantId?: boolean | undefined;
  readonly tenantIdIn?: readonly string[] | undefined;
  /** Any of these process variables has this plain value. */
  readonly processVariables?: ReadonlyMap<string, unknown> | undefined;
  /** Names to hand out; absent: all, empty: none. */
  readonly variables?: readonly string[] | undefined;
  /** Only variables of the task's own scope. */
  readonly localVariables?: boolean | undefined;
  readonly includeExtensionProperties?: boolean | undefined;
}

export interface FetchInput {
  /** @throws NullValue when null or empty */
  readonly workerId: string | null;
  /** 0 or less: none. */
  readonly maxTasks: number;
  readonly usePriority: boolean;
  /** Milliseconds that the request may be parked, at most 1 800 000; null: answer at once. */
  readonly asyncResponseTimeout: number | null;
  /** Order by creation beside the priority; null: none is promised (it is the order of creation). */
  readonly createTime: 'asc' | 'desc' | null;
  /** Two of the same name: the last wins. */
  readonly topics: readonly TopicSubscription[];
  /** The caller ends with the engine's process, so locks that it is given need not outlive it. Default: false. */
  readonly sharesProcess?: boolean;
}

export interface LockedExternalTask extends ExternalTaskRecord {
  readonly variables: Variables;
  readonly extensionProperties: Readonly<Record<string, string>>;
}

/** A fetch under way. */
export interface PendingFetch {
  /** The locked tasks; empty after the time-out or `cancel()`; rejects when the input is wrong or the engine closes. */
  readonly tasks: Promise<readonly LockedExternalTask[]>;
  /** The client has gone: nothing is locked for it any more. Harmless when answered already. */
  cancel(): void;
}

export type ExternalTaskQuery = Filter<{
  externalTaskId: string;
  externalTaskIdIn: readonly string[];
  topicName: string;
  workerId: string;
  locked: true;
  notLocked: true;
  withRetriesLeft: true;
  noRetriesLeft: true;
  lockExpirationBefore: number;
  lockExpirationAfter: number;
  activityId: string;
  activityIdIn: readonly string[];
  executionId: string;
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processDefinitionName: string;
  processDefinitionNameLike: string;
  processVariables: readonly VariableFilter[];
  active: true;
  suspended: true;
  priorityHigherThanOrEquals: number;
  priorityLowerThanOrEquals: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'id'
    | 'lockExpirationTime'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'tenantId'
    | 'taskPriority'
    | 'createTime'
  >;

export interface CompleteInput {
  readonly workerId: string | null;
  readonly variables: Variables;
  readonly localVariables: Variables;
}

export interface FailureInput extends CompleteInput {
  readonly errorMessage: string | null;
  readonly errorDetails: string | null;
  readonly retries: number;
  /** Milliseconds. */
  readonly retryTimeout: number;
}

export interface BpmnErrorInput {
  readonly workerId: string | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly variables: Variables;
}

/** Every command throws NotFound ("External task with id X does not exist") and BadUserRequest for another worker's. */
export interface ExternalTaskService {
  fetchAndLock(input: FetchInput): PendingFetch;
  complete(id: string, input: CompleteInput): Promise<void>;
  handleFailure(id: string, input: FailureInput): Promise<void>;
  handleBpmnError(id: string, input: BpmnErrorInput): Promise<void>;
  lock(id: string, workerId: string | null, lockDuration: number | null): Promise<void>;
  extendLock(id: string, workerId: string | null, newDuration: number | null): Promise<void>;
  unlock(id: string): Promise<void>;
  setRetries(id: string, retries: number): Promise<void>;
  /** All or none; ids, those of the instances and those of the query together. */
  setRetriesOfMany(
    selection: {
      readonly externalTaskIds?: readonly string[] | undefined;
      readonly processInstanceIds?: readonly string[] | undefined;
      readonly query?: ExternalTaskQuery | undefined;
    },
    retries: number,
  ): Promise<void>;
  setPriority(id: string, priority: number): Promise<void>;
  find(query: ExternalTaskQuery): readonly ExternalTaskRecord[];
  count(query: ExternalTaskQuery): number;
  findOne(id: string): ExternalTaskRecord | null;
  findTopicNames(
    query: Filter<{ withLockedTasks: true; withUnlockedTasks: true; withRetriesLeft: true }>,
  ): readonly string[];
}

// ---- history ----------------------------------------------------------------------------------------------------

export type HistoricInstanceQuery = Filter<{
  processInstanceId: string;
  processInstanceIds: readonly string[];
  processInstanceBusinessKey: string;
  processInstanceBusinessKeyIn: readonly string[];
  processInstanceBusinessKeyLike: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processDefinitionKeyNotIn: readonly string[];
  processDefinitionName: string;
  processDefinitionNameLike: string;
  finished: true;
  unfinished: true;
  /** State is one of these; several of `active`, `completed`, … are given as one list. */
  stateIn: readonly HistoricInstanceState[];
  /** Has or had an incident, open or resolved. */
  withIncidents: true;
  /** Has an incident that is open, or one that is not any more. */
  incidentStatus: 'open' | 'resolved';
  /** Has been at one of these elements. */
  executedActivityIdIn: readonly string[];
  /** Is at one of these elements. */
  activeActivityIdIn: readonly string[];
  startedAfter: number;
  startedBefore: number;
  finishedAfter: number;
  finishedBefore: number;
  rootProcessInstances: true;
  superProcessInstanceId: string;
  variables: readonly VariableFilter[];
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<
    | 'instanceId'
    | 'definitionId'
    | 'definitionKey'
    | 'definitionName'
    | 'definitionVersion'
    | 'businessKey'
    | 'startTime'
    | 'endTime'
    | 'duration'
    | 'tenantId'
  >;

export type HistoricActivityQuery = Filter<{
  activityInstanceId: string;
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processDefinitionId: string;
  executionId: string;
  activityId: string;
  activityName: string;
  activityType: string;
  finished: true;
  unfinished: true;
  canceled: true;
  completeScope: true;
  startedAfter: number;
  startedBefore: number;
  finishedAfter: number;
  finishedBefore: number;
}> &
  Page<
    | 'activityInstanceId'
    | 'instanceId'
    | 'executionId'
    | 'activityId'
    | 'activityName'
    | 'activityType'
    | 'startTime'
    | 'endTime'
    | 'duration'
    | 'definitionId'
    | 'occurrence'
  >;

export type HistoricVariableQuery = Filter<{
  id: string;
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processDefinitionId: string;
  processDefinitionKey: string;
  variableName: string;
  variableNameIn: readonly string[];
  variableNameLike: string;
  /** Plain value; a Date as epoch milliseconds. */
  variableValue: unknown;
  variableTypeIn: readonly TypedValue['type'][];
  executionIdIn: readonly string[];
  activityInstanceIdIn: readonly string[];
  /** Deleted variables are left out unless this is set. */
  includeDeleted: true;
}> &
  Page<'instanceId' | 'variableName'>;

export type HistoricIncidentQuery = Filter<{
  incidentId: string;
  incidentType: string;
  incidentMessage: string;
  incidentMessageLike: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processInstanceId: string;
  executionId: string;
  activityId: string;
  failedActivityId: string;
  causeIncidentId: string;
  rootCauseIncidentId: string;
  configuration: string;
  open: true;
  resolved: true;
  deleted: true;
  createTimeBefore: number;
  createTimeAfter: number;
  endTimeBefore: number;
  endTimeAfter: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'incidentId'
    | 'incidentMessage'
    | 'createTime'
    | 'endTime'
    | 'incidentType'
    | 'executionId'
    | 'activityId'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'causeIncidentId'
    | 'rootCauseIncidentId'
    | 'configuration'
    | 'tenantId'
    | 'incidentState'
  >;

export type HistoricUserTaskQuery = Filter<{
  taskId: string;
  processInstanceId: string;
  processInstanceBusinessKey: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  executionId: string;
  activityInstanceIdIn: readonly string[];
  taskName: string;
  taskDefinitionKey: string;
  taskDefinitionKeyIn: readonly string[];
  taskDeleteReason: string;
  taskAssignee: string;
  finished: true;
  unfinished: true;
  startedAfter: number;
  startedBefore: number;
  finishedAfter: number;
  finishedBefore: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'taskId'
    | 'activityInstanceID'
    | 'processDefinitionId'
    | 'processInstanceId'
    | 'executionId'
    | 'duration'
    | 'endTime'
    | 'startTime'
    | 'taskName'
    | 'taskDescription'
    | 'assignee'
    | 'owner'
    | 'dueDate'
    | 'followUpDate'
    | 'deleteReason'
    | 'taskDefinitionKey'
    | 'priority'
    | 'tenantId'
  >;

export type ExternalTaskLogQuery = Filter<{
  logId: string;
  externalTaskId: string;
  topicName: string;
  workerId: string;
  errorMessage: string;
  activityIdIn: readonly string[];
  activityInstanceIdIn: readonly string[];
  executionIdIn: readonly string[];
  processInstanceId: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  tenantIdIn: readonly string[];
  priorityHigherThanOrEquals: number;
  priorityLowerThanOrEquals: number;
  creationLog: true;
  failureLog: true;
  successLog: true;
  deletionLog: true;
}> &
  Page<
    | 'timestamp'
    | 'externalTaskId'
    | 'retries'
    | 'priority'
    | 'topicName'
    | 'workerId'
    | 'activityId'
    | 'activityInstanceId'
    | 'executionId'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'tenantId'
  >;

export interface HistoryService {
  findInstances(query: HistoricInstanceQuery): readonly HistoricInstanceRecord[];
  countInstances(query: HistoricInstanceQuery): number;
  findInstance(id: string): HistoricInstanceRecord | null;
  findActivities(query: HistoricActivityQuery): readonly HistoricActivityRecord[];
  countActivities(query: HistoricActivityQuery): number;
  findVariables(query: HistoricVariableQuery): readonly HistoricVariableRecord[];
  countVariables(query: HistoricVariableQuery): number;
  findIncidents(query: HistoricIncidentQuery): readonly HistoricIncidentRecord[];
  countIncidents(query: HistoricIncidentQuery): number;
  findUserTasks(query: HistoricUserTaskQuery): readonly HistoricUserTaskRecord[];
  countUserTasks(query: HistoricUserTaskQuery): number;
  findTaskLog(query: ExternalTaskLogQuery): readonly ExternalTaskLogRecord[];
  countTaskLog(query: ExternalTaskLogQuery): number;
  /** Null for an unknown id. */
  findTaskLogEntry(id: string): ExternalTaskLogRecord | null;
}
