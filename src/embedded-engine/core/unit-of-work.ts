import { randomUUID } from 'node:crypto';
import type { ChangeSet } from '../persist/engine-store.js';
import { emptyChangeSet } from '../persist/engine-store.js';
import type { ExternalTaskRecord, IncidentRecord } from '../persist/records.types.js';
import type { ExecutableDefinition } from './executable-definition.js';
import { NotFoundError, ProcessEngineError } from './engine.errors.js';
import type { ProcessInstanceState } from './process-instance.state.js';

/** What a command may read of the committed state. */
export interface CommittedState {
  instance(id: string): ProcessInstanceState | undefined;
  task(id: string): ExternalTaskRecord | undefined;
  incidentOfTask(taskId: string): IncidentRecord | undefined;
  definition(id: string): ExecutableDefinition | undefined;
}

/**
 * The workspace of one command: copies of the instances it touches and the effects it collects. Nothing of it is seen
 * outside until the command has succeeded; a command that fails is rolled back by dropping it.
 */
export class UnitOfWork {
  readonly changes: ChangeSet = emptyChangeSet();
  private readonly workingCopies = new Map<string, ProcessInstanceState>();
  private readonly finishers: (() => void)[] = [];

  constructor(
    private readonly committed: CommittedState,
    /** Epoch milliseconds; one value for the whole command. */
    readonly now: number,
  ) {}

  /** Has something done when the command has otherwise succeeded. */
  atEnd(finisher: () => void): void {
    this.finishers.push(finisher);
  }

  /** The command has succeeded. */
  finish(): void {
    for (const finisher of this.finishers) finisher();
  }

  /**
   * A UUID. `randomUUID` gives a tree of its pieces that takes 480 bytes; to make it lower-case, which it is, has the
   * effect that V8 makes it one text of 56. Ids are most of what a parked instance and its history consist of.
   */
  newId(): string {
    return randomUUID().toLowerCase();
  }

  /** The command's own copy of an instance; committed with the command. Undefined for an unknown or ended one. */
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

  /** Removes a task and resolves its incident. */
  removeTask(id: string): void {
    this.changes.tasks.set(id, null);
    this.resolveIncident(id);
  }

  addIncident(incident: IncidentRecord): void {
    this.changes.incidents.set(incident.id, incident);
  }

  /** Whether a task has an open incident, one of this command included. */
  hasIncident(taskId: string): boolean {
    const committed = this.committed.incidentOfTask(taskId);
    if (committed !== undefined && this.changes.incidents.get(committed.id) !== null) return true;
    return [...this.changes.incidents.values()].some((incident) => incident?.configuration === taskId);
  }

  /** Removes the incident of a task, where it has one. */
  resolveIncident(taskId: string): void {
    const incident = this.committed.incidentOfTask(taskId);
    if (incident !== undefined) this.changes.incidents.set(incident.id, null);
  }

  /** @throws ProcessEngine for a definition that is gone */
  definition(id: string): ExecutableDefinition {
    const definition = this.committed.definition(id);
    if (definition === undefined)
      throw new ProcessEngineError(`no deployed process definition found with id '${id}'`);
    return definition;
  }
}
