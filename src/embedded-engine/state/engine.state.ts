import type { ChangeSet, DeploymentBundle } from './change-set.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from './records.types.js';
import { DefinitionIndex } from './definition.index.js';
import type { ExecutableDefinition } from './executable-definition.js';
import { ProcessInstanceState } from './process-instance.state.js';

/** Callbacks for changed records; null: removed. */
interface StateListeners {
  readonly onTaskChanged: (id: string, task: ExternalTaskRecord | null) => void;
  readonly onJobChanged: (id: string, job: JobRecord | null) => void;
}

/** The committed state of the engine in memory, with the indexes that its commands need. */
export class EngineState {
  readonly deployments = new Map<string, DeploymentBundle>();
  readonly definitions = new DefinitionIndex();
  readonly instances = new Map<string, ProcessInstanceState>();
  readonly tasks = new Map<string, ExternalTaskRecord>();
  readonly incidents = new Map<string, IncidentRecord>();
  readonly jobs = new Map<string, JobRecord>();
  readonly subscriptions = new Map<string, EventSubscriptionRecord>();
  readonly userTasks = new Map<string, UserTaskRecord>();
  private readonly incidentsByConfiguration = new Map<string, IncidentRecord>();
  private readonly incidentsByInstance = new Map<string, Map<string, IncidentRecord>>();
  private readonly incidentsByRootCause = new Map<string, Map<string, IncidentRecord>>();
  private lastSequence = 0;
  private readonly subscriptionsByName = new Map<string, Set<string>>();
  private readonly tasksByExecution = new Map<string, ExternalTaskRecord>();

  constructor(private readonly listeners: StateListeners) {}

  /**
   * Returns an increasing number: at least 1 000 times the current time, so that it stays above all earlier ones after
   * a restart.
   */
  nextSequence(now: number): number {
    this.lastSequence = Math.max(this.lastSequence + 1, now * 1_000);
    return this.lastSequence;
  }

  instance(id: string): ProcessInstanceState | undefined {
    return this.instances.get(id);
  }

  task(id: string): ExternalTaskRecord | undefined {
    return this.tasks.get(id);
  }

  job(id: string): JobRecord | undefined {
    return this.jobs.get(id);
  }

  subscription(id: string): EventSubscriptionRecord | undefined {
    return this.subscriptions.get(id);
  }

  userTask(id: string): UserTaskRecord | undefined {
    return this.userTasks.get(id);
  }

  /** The open incident of an external task or a job. */
  incidentOf(configuration: string): IncidentRecord | undefined {
    return this.incidentsByConfiguration.get(configuration);
  }

  latestDefinition(key: string, tenantId: string | null): ExecutableDefinition | undefined {
    return this.definitions.latest(key, tenantId);
  }

  /** All versions of a key, oldest first. */
  definitionsOf(key: string, tenantId: string | null): readonly ExecutableDefinition[] {
    return this.definitions.versionsOf(key, tenantId);
  }

  /** The subscriptions to a message, in the order of their creation. */
  subscriptionsTo(eventName: string): EventSubscriptionRecord[] {
    return [...(this.subscriptionsByName.get(eventName) ?? [])].flatMap(
      (id) => this.subscriptions.get(id) ?? [],
    );
  }

  /** Ids of the running instances that an instance has called. */
  calledBy(processInstanceId: string): string[] {
    const called: string[] = [];
    this.instances.get(processInstanceId)?.root.visit(({ calledInstanceId }) => {
      if (calledInstanceId !== null) called.push(calledInstanceId);
    });
    return called;
  }

  definition(id: string): ExecutableDefinition | undefined {
    return this.definitions.get(id);
  }

  /** The external tasks of one instance. */
  tasksOf(processInstanceId: string): ExternalTaskRecord[] {
    const tasks: ExternalTaskRecord[] = [];
    this.instances.get(processInstanceId)?.root.visit(({ taskId }) => {
      const task = taskId === null ? undefined : this.tasks.get(taskId);
      if (task !== undefined) tasks.push(task);
    });
    return tasks;
  }

  /** The open incidents of one instance. */
  incidentsOf(processInstanceId: string): IncidentRecord[] {
    return [...(this.incidentsByInstance.get(processInstanceId)?.values() ?? [])];
  }

  /** The incidents of calling instances whose root cause is this one. */
  incidentsCausedBy(incidentId: string): IncidentRecord[] {
    return [...(this.incidentsByRootCause.get(incidentId)?.values() ?? [])];
  }

  /**
   * Finds the instance of an execution: directly by the instance's own id or a task's execution id, otherwise by a
   * search.
   */
  instanceOfExecution(executionId: string): ProcessInstanceState | undefined {
    const direct =
      this.instances.get(executionId) ??
      this.instances.get(this.tasksByExecution.get(executionId)?.processInstanceId ?? '');
    if (direct !== undefined) return direct;
    for (const instance of this.instances.values()) {
      if (instance.findExecution(executionId) !== null) return instance;
    }
    return undefined;
  }

  /** Applies the changes of a command. Definitions carry a compiled model and are applied separately. */
  apply(changes: ChangeSet): void {
    for (const [id, bundle] of changes.deployments) put(this.deployments, id, bundle);
    for (const [id, source] of changes.instances) {
      put(this.instances, id, source instanceof ProcessInstanceState ? source : null);
    }
    for (const [id, task] of changes.tasks) this.putTask(id, task);
    for (const [id, incident] of changes.incidents) this.putIncident(id, incident);
    for (const [id, job] of changes.jobs) this.putJob(id, job);
    for (const [id, subscription] of changes.subscriptions) this.putSubscription(id, subscription);
    for (const [id, task] of changes.userTasks) put(this.userTasks, id, task);
  }

  putTask(id: string, task: ExternalTaskRecord | null): void {
    const either = task ?? this.tasks.get(id);
    if (either === undefined) return;
    put(this.tasks, id, task);
    put(this.tasksByExecution, either.executionId, task);
    this.listeners.onTaskChanged(id, task);
  }

  putIncident(id: string, incident: IncidentRecord | null): void {
    const old = this.incidents.get(id);
    put(this.incidents, id, incident);
    const either = incident ?? old;
    if (either === undefined) return;
    const { configuration, processInstanceId, rootCauseIncidentId } = either;
    if (configuration !== null) put(this.incidentsByConfiguration, configuration, incident);
    putIn(this.incidentsByInstance, processInstanceId, id, incident);
    if (rootCauseIncidentId !== id) putIn(this.incidentsByRootCause, rootCauseIncidentId, id, incident);
  }

  putJob(id: string, job: JobRecord | null): void {
    put(this.jobs, id, job);
    this.listeners.onJobChanged(id, job);
  }

  putSubscription(id: string, subscription: EventSubscriptionRecord | null): void {
    const old = this.subscriptions.get(id);
    put(this.subscriptions, id, subscription);
    if (old !== undefined && subscription === null) {
      const ids = this.subscriptionsByName.get(old.eventName);
      ids?.delete(id);
      if (ids?.size === 0) this.subscriptionsByName.delete(old.eventName);
    } else if (subscription !== null) {
      const ids = this.subscriptionsByName.get(subscription.eventName) ?? new Set();
      this.subscriptionsByName.set(subscription.eventName, ids.add(id));
    }
  }
}

function put<K, V>(map: Map<K, V>, key: K, value: V | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}

/** Like {@link put} in a group; an empty group is removed. */
function putIn<V>(groups: Map<string, Map<string, V>>, group: string, key: string, value: V | null): void {
  const members = groups.get(group) ?? new Map<string, V>();
  put(members, key, value);
  put(groups, group, members.size === 0 ? null : members);
}
