import type { ChangeSet, DeploymentBundle } from '../persist/engine-store.js';
import type { ExternalTaskRecord, IncidentRecord } from '../persist/records.types.js';
import type { ExecutableDefinition } from './executable-definition.js';
import { ProcessInstanceState } from './process-instance.state.js';
import type { CommittedState } from './unit-of-work.js';

/** Is told of every task that changed. */
export type TaskListener = (id: string, task: ExternalTaskRecord | null) => void;

/** The committed state of the engine in memory, with the indexes that its commands need. */
export class EngineState implements CommittedState {
  readonly deployments = new Map<string, DeploymentBundle>();
  readonly definitions = new Map<string, ExecutableDefinition>();
  readonly instances = new Map<string, ProcessInstanceState>();
  readonly tasks = new Map<string, ExternalTaskRecord>();
  readonly incidents = new Map<string, IncidentRecord>();
  private readonly incidentsByTask = new Map<string, IncidentRecord>();
  private readonly tasksByExecution = new Map<string, ExternalTaskRecord>();

  constructor(private readonly onTask: TaskListener) {}

  instance(id: string): ProcessInstanceState | undefined {
    return this.instances.get(id);
  }

  task(id: string): ExternalTaskRecord | undefined {
    return this.tasks.get(id);
  }

  incidentOfTask(taskId: string): IncidentRecord | undefined {
    return this.incidentsByTask.get(taskId);
  }

  definition(id: string): ExecutableDefinition | undefined {
    return this.definitions.get(id);
  }

  /** Tasks of one instance. */
  tasksOf(processInstanceId: string): ExternalTaskRecord[] {
    const tasks: ExternalTaskRecord[] = [];
    this.instances.get(processInstanceId)?.root.visit(({ taskId }) => {
      const task = taskId === null ? undefined : this.tasks.get(taskId);
      if (task !== undefined) tasks.push(task);
    });
    return tasks;
  }

  /** The instance of an execution: its own has its id, a task's is looked up, any other is searched for. */
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

  /** Takes over what a command has changed, definitions apart, which carry a compiled model. */
  apply(changes: ChangeSet): void {
    for (const [id, bundle] of changes.deployments) put(this.deployments, id, bundle);
    for (const [id, source] of changes.instances) {
      put(this.instances, id, source instanceof ProcessInstanceState ? source : null);
    }
    for (const [id, task] of changes.tasks) this.putTask(id, task);
    for (const [id, incident] of changes.incidents) this.putIncident(id, incident);
  }

  putTask(id: string, task: ExternalTaskRecord | null): void {
    const either = task ?? this.tasks.get(id);
    if (either === undefined) return;
    put(this.tasks, id, task);
    put(this.tasksByExecution, either.executionId, task);
    this.onTask(id, task);
  }

  putIncident(id: string, incident: IncidentRecord | null): void {
    const old = this.incidents.get(id);
    if (old !== undefined) this.incidentsByTask.delete(old.configuration);
    put(this.incidents, id, incident);
    if (incident !== null) this.incidentsByTask.set(incident.configuration, incident);
  }
}

function put<K, V>(map: Map<K, V>, key: K, value: V | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
