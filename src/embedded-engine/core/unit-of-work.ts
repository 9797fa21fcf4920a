import { randomUUID } from 'node:crypto';
import { type ChangeSet, emptyChangeSet } from '../state/change-set.js';
import type {
  EventSubscriptionRecord,
  ExternalTaskRecord,
  IncidentRecord,
  JobRecord,
  UserTaskRecord,
} from '../state/records.types.js';
import type { EngineState } from '../state/engine.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import { NotFoundError, ProcessEngineError } from '../state/engine.errors.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';

/** What a command reads of the committed state. */
type CommittedState = Pick<
  EngineState,
  | 'instance'
  | 'task'
  | 'job'
  | 'subscription'
  | 'userTask'
  | 'incidentOf'
  | 'incidentsCausedBy'
  | 'nextSequence'
  | 'definition'
  | 'latestDefinition'
  | 'definitionsOf'
>;

/** How an incident ends: its cause was repaired, or its cause is gone. */
type IncidentEnd = 'RESOLVED' | 'DELETED';

/**
 * The workspace of one command: copies of the instances that it touches, and its changes. Nothing is visible outside
 * until the command has succeeded; a failed command is rolled back by discarding its unit of work.
 */
export class UnitOfWork {
  readonly changes: ChangeSet = emptyChangeSet();
  private readonly workingCopies = new Map<string, ProcessInstanceState>();
  private readonly successCallbacks: (() => void)[] = [];
  private elementId: string | null = null;
  private readonly completedTasks = new Set<string>();

  constructor(
    private readonly committed: CommittedState,
    /** Epoch milliseconds; the same for the whole command. */
    readonly now: number,
  ) {}

  /** Registers a callback that runs when the command has succeeded. */
  onSuccess(finisher: () => void): void {
    this.successCallbacks.push(finisher);
  }

  /** Call it when the command has succeeded. */
  runSuccessCallbacks(): void {
    for (const finisher of this.successCallbacks) finisher();
  }

  /**
   * Creates a UUID. `toLowerCase()` flattens the string: 56 bytes instead of the 480 that `randomUUID` alone takes. Ids
   * are most of the memory of a waiting instance and its history.
   */
  newId(): string {
    return randomUUID().toLowerCase();
  }

  /** Returns a number greater than all earlier ones, those of previous engines on the same file included. */
  nextSequence(): number {
    return this.committed.nextSequence(this.now);
  }

  /** The command's own copy of an instance, committed with the command. Undefined for an unknown or ended instance. */
  findInstance(id: string): ProcessInstanceState | undefined {
    const working = this.workingCopies.get(id);
    if (working !== undefined) return this.changes.instances.get(id) === null ? undefined : working;
    const copy = this.committed.instance(id)?.copy();
    if (copy !== undefined) this.addInstance(copy);
    return copy;
  }

  /** @throws NotFound */
  instance(id: string): ProcessInstanceState {
    const instance = this.findInstance(id);
    if (instance === undefined) throw new NotFoundError(`Process instance with id ${id} does not exist`);
    return instance;
  }

  addInstance(instance: ProcessInstanceState): void {
    this.workingCopies.set(instance.id, instance);
    this.changes.instances.set(instance.id, instance);
  }

  removeInstance(id: string): void {
    this.changes.instances.set(id, null);
  }

  /** The task as this command sees it. @throws NotFound */
  task(id: string): ExternalTaskRecord {
    const pending = this.changes.tasks.get(id);
    const task = pending === undefined ? this.committed.task(id) : pending;
    if (task === undefined || task === null)
      throw new NotFoundError(`External task with id ${id} does not exist`);
    return task;
  }

  saveTask(task: ExternalTaskRecord): void {
    this.changes.tasks.set(task.id, task);
  }

  /** Id of the element that the command is executing, for error reports. */
  get currentElementId(): string | null {
    return this.elementId;
  }

  setCurrentElement(elementId: string): void {
    this.elementId = elementId;
  }

  /** Marks a task as completed by its worker; a task that is removed without it was cancelled. */
  markCompleted(taskId: string): void {
    this.completedTasks.add(taskId);
  }

  isCompleted(taskId: string): boolean {
    return this.completedTasks.has(taskId);
  }

  /** Removes a task with its incident. */
  removeTask(id: string, incidentEnd: IncidentEnd): void {
    this.changes.tasks.set(id, null);
    this.endIncident(id, incidentEnd);
  }

  /** The job as this command sees it. @throws NotFound */
  job(id: string): JobRecord {
    const job = pick(this.changes.jobs.get(id), () => this.committed.job(id));
    if (job === undefined) throw new NotFoundError(`ENGINE-14026 No job found with id '${id}'`);
    return job;
  }

  /** Removes a job with its incident. */
  removeJob(id: string): void {
    this.changes.jobs.set(id, null);
    this.endIncident(id, 'DELETED');
  }

  /** Undefined if it no longer exists. */
  subscription(id: string): EventSubscriptionRecord | undefined {
    return pick(this.changes.subscriptions.get(id), () => this.committed.subscription(id));
  }

  /** Undefined if it no longer exists. */
  userTask(id: string): UserTaskRecord | undefined {
    return pick(this.changes.userTasks.get(id), () => this.committed.userTask(id));
  }

  addIncident(incident: IncidentRecord): void {
    this.changes.incidents.set(incident.id, incident);
    this.changes.historicIncidents.set(incident.id, { ...incident, endTime: null, state: 'OPEN' });
  }

  /** The open incident of an external task or job, including one that this command created. */
  incidentOf(configuration: string): IncidentRecord | undefined {
    const committed = this.committed.incidentOf(configuration);
    if (committed !== undefined && this.changes.incidents.get(committed.id) !== null) return committed;
    for (const incident of this.changes.incidents.values())
      if (incident?.configuration === configuration) return incident;
    return undefined;
  }

  /** Ends the incident of an external task or job, if it has one. */
  endIncident(configuration: string, state: IncidentEnd): void {
    const incident = this.incidentOf(configuration);
    if (incident === undefined) return;
    for (const one of [incident, ...this.incidentsCausedBy(incident)]) {
      this.changes.incidents.set(one.id, null);
      this.changes.historicIncidents.set(one.id, { ...one, endTime: this.now, state });
    }
  }

  /** The incidents in calling instances that an incident has caused. */
  private incidentsCausedBy({ id }: IncidentRecord): IncidentRecord[] {
    const isCaused = (one: IncidentRecord | null): one is IncidentRecord =>
      one !== null && one.rootCauseIncidentId === id && one.id !== id;
    const committed = this.committed
      .incidentsCausedBy(id)
      .filter((one) => this.changes.incidents.get(one.id) !== null);
    return [...committed, ...[...this.changes.incidents.values()].filter(isCaused)];
  }

  latestDefinition(key: string, tenantId: string | null): ExecutableDefinition | undefined {
    return this.committed.latestDefinition(key, tenantId);
  }

  definitionsOf(key: string, tenantId: string | null): readonly ExecutableDefinition[] {
    return this.committed.definitionsOf(key, tenantId);
  }

  /** @throws ProcessEngine for a definition that no longer exists */
  definition(id: string): ExecutableDefinition {
    const definition = this.committed.definition(id);
    if (definition === undefined)
      throw new ProcessEngineError(`no deployed process definition found with id '${id}'`);
    return definition;
  }
}

/** A record as the command sees it: the command's own change first, in which null is a removal. */
function pick<T>(changed: T | null | undefined, committed: () => T | undefined): T | undefined {
  return changed === undefined ? committed() : (changed ?? undefined);
}
