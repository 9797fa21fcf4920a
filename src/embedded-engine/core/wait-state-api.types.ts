/**
 * The engine's services for what waits besides external tasks: people, messages and timers. The rules of
 * `engine-api.types.ts` hold here too.
 */
import type { EventSubscriptionRecord, JobRecord, UserTaskRecord } from '../persist/records.types.js';
import type { ExecutionView, Filter, Page, ProcessInstanceView, VariableFilter } from './engine-api.types.js';
import type { TypedValue, Variables } from './typed-value.types.js';

// ---- user tasks -------------------------------------------------------------------------------------------------

export type UserTaskQuery = Filter<{
  taskId: string;
  taskIdIn: readonly string[];
  processInstanceId: string;
  processInstanceIdIn: readonly string[];
  processInstanceBusinessKey: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  executionId: string;
  activityInstanceIdIn: readonly string[];
  assignee: string;
  assigned: true;
  unassigned: true;
  name: string;
  nameLike: string;
  taskDefinitionKey: string;
  taskDefinitionKeyIn: readonly string[];
  taskDefinitionKeyLike: string;
  /** Of a user or a group that may claim it, as long as nobody has. */
  candidateUser: string;
  candidateGroup: string;
  priority: number;
  minPriority: number;
  maxPriority: number;
  createdAfter: number;
  createdBefore: number;
  dueAfter: number;
  dueBefore: number;
  processVariables: readonly VariableFilter[];
  active: true;
  suspended: true;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<
    | 'instanceId'
    | 'dueDate'
    | 'executionId'
    | 'assignee'
    | 'created'
    | 'description'
    | 'id'
    | 'name'
    | 'priority'
    | 'followUpDate'
    | 'tenantId'
  >;

/** The tasks of people. */
export interface TaskService {
  find(query: UserTaskQuery): readonly UserTaskRecord[];
  count(query: UserTaskQuery): number;
  findOne(id: string): UserTaskRecord | null;
  /**
   * @returns the variables that the process then has, as `withVariablesInReturn` shows them
   * @throws NullValue for an unknown task, BadUserRequest for a suspended one
   */
  complete(id: string, variables: Variables): Promise<Variables>;
  /** @throws NullValue for an unknown task */
  setAssignee(id: string, userId: string | null): Promise<void>;
  /** As {@link setAssignee}, but refuses a task that another has. @throws BadUserRequest */
  claim(id: string, userId: string): Promise<void>;
  /** Variables that the task sees; null for an unknown task. */
  findVariables(id: string): Variables | null;
}

// ---- messages ---------------------------------------------------------------------------------------------------

export interface CorrelationInput {
  readonly messageName: string;
  readonly businessKey: string | null;
  readonly processInstanceId: string | null;
  /** Plain values, compared with variables of the process instance. */
  readonly correlationKeys: ReadonlyMap<string, TypedValue>;
  /** Compared with variables of the waiting execution's own scope. */
  readonly localCorrelationKeys: ReadonlyMap<string, TypedValue>;
  readonly variables: Variables;
  /** Set in the scope of the execution that waits. */
  readonly localVariables: Variables;
  readonly triggeredScopeVariables: Variables;
  /** Undefined: any tenant; null: none. */
  readonly tenantId: string | null | undefined;
  /** Everything that matches; otherwise exactly one execution or definition has to. */
  readonly all: boolean;
}

/** What a message has reached: an execution that waited, or a definition that it started. */
export type CorrelationResult =
  | { readonly resultType: 'Execution'; readonly execution: ExecutionView; readonly variables: Variables }
  | {
      readonly resultType: 'ProcessDefinition';
      readonly processInstance: ProcessInstanceView;
      readonly variables: Variables;
    };

export type EventSubscriptionQuery = Filter<{
  eventSubscriptionId: string;
  eventName: string;
  eventType: string;
  executionId: string;
  processInstanceId: string;
  activityId: string;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<'created' | 'tenantId'>;

/** Messages and who waits for them. */
export interface MessageService {
  /** @throws MismatchingMessageCorrelation (BadUserRequest) where none or, without `all`, several match */
  correlate(input: CorrelationInput): Promise<readonly CorrelationResult[]>;
  /** Brings a message to one execution. @throws ProcessEngine where it does not wait for it */
  trigger(executionId: string, messageName: string, variables: Variables): Promise<void>;
  findSubscriptions(query: EventSubscriptionQuery): readonly EventSubscriptionRecord[];
  countSubscriptions(query: EventSubscriptionQuery): number;
}

// ---- jobs -------------------------------------------------------------------------------------------------------

export type JobQuery = Filter<{
  jobId: string;
  jobIds: readonly string[];
  processInstanceId: string;
  processInstanceIds: readonly string[];
  processDefinitionId: string;
  processDefinitionKey: string;
  executionId: string;
  activityId: string;
  withRetriesLeft: true;
  noRetriesLeft: true;
  executable: true;
  timers: true;
  messages: true;
  withException: true;
  exceptionMessage: string;
  dueAfter: number;
  dueBefore: number;
  active: true;
  suspended: true;
  tenantIdIn: readonly string[];
  withoutTenantId: true;
}> &
  Page<
    | 'jobId'
    | 'executionId'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'jobPriority'
    | 'jobRetries'
    | 'jobDueDate'
    | 'tenantId'
  >;

/** Timers. Commands throw NotFound for an unknown id. */
export interface JobService {
  find(query: JobQuery): readonly JobRecord[];
  count(query: JobQuery): number;
  findOne(id: string): JobRecord | null;
  /** Fires now, due or not. @throws what the process throws; the job has then one attempt less */
  execute(id: string): Promise<void>;
  setRetries(id: string, retries: number): Promise<void>;
  setDueDate(id: string, dueDate: number | null): Promise<void>;
}
