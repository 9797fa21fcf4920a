import type {
  ExternalTaskLogRecord,
  ExternalTaskRecord,
  HistoricInstanceState,
  UserTaskRecord,
} from '../state/records.types.js';
import type { ActivityState, VariableState } from '../state/activity.state.js';
import type { ExecutableDefinition } from '../state/executable-definition.js';
import type { ProcessInstanceState } from '../state/process-instance.state.js';
import type { UnitOfWork } from './unit-of-work.js';

const MS_PER_DAY = 86_400_000;

/** How an activity instance ended. */
export interface ActivityEnd {
  readonly canceled: boolean;
  readonly completeScope: boolean;
}

/** Delete reason of a user task in history. */
type UserTaskEnd = 'completed' | 'deleted';

/** Writes the history of one instance as complete records; a later record replaces an earlier one with the same id. */
export class HistoryRecorder {
  constructor(
    private readonly work: UnitOfWork,
    private readonly instance: ProcessInstanceState,
    private readonly definition: ExecutableDefinition,
  ) {}

  instanceStarted(): void {
    this.recordInstance('ACTIVE', null, null, null);
  }

  instanceEnded(
    state: HistoricInstanceState,
    endActivityId: string | null,
    deleteReason: string | null,
  ): void {
    this.recordInstance(state, this.work.now, endActivityId, deleteReason);
  }

  /** Call it again when an attribute of a running activity has changed. */
  activityStarted(activity: ActivityState): void {
    this.recordActivity(activity, null, { canceled: false, completeScope: false });
  }

  /** The instance has been suspended or activated. */
  suspensionChanged(): void {
    this.recordInstance(this.instance.suspended ? 'SUSPENDED' : 'ACTIVE', null, null, null);
  }

  userTaskChanged(task: UserTaskRecord, ended: UserTaskEnd | null = null): void {
    this.work.changes.historicUserTasks.set(task.id, {
      id: task.id,
      name: task.name,
      description: task.description,
      assignee: task.assignee,
      owner: task.owner,
      priority: task.priority,
      startTime: task.createTime,
      endTime: ended === null ? null : this.work.now,
      dueDate: task.dueDate,
      followUpDate: task.followUpDate,
      deleteReason: ended,
      activityId: task.activityId,
      activityInstanceId: task.activityInstanceId,
      executionId: task.executionId,
      processInstanceId: task.processInstanceId,
      processDefinitionId: task.processDefinitionId,
      processDefinitionKey: this.definition.record.key,
      tenantId: task.tenantId,
    });
  }

  /** Writes an entry of an external task's log. @returns its id */
  taskLogged(event: ExternalTaskLogRecord['event'], task: ExternalTaskRecord): string {
    const id = this.work.newId();
    this.work.changes.externalTaskLog.set(id, {
      id,
      timestamp: this.work.now,
      event,
      externalTaskId: task.id,
      topicName: task.topicName,
      workerId: task.workerId,
      retries: task.retries,
      priority: task.priority,
      errorMessage: event === 'FAILED' ? task.errorMessage : null,
      errorDetails: event === 'FAILED' ? task.errorDetails : null,
      activityId: task.activityId,
      activityInstanceId: task.activityInstanceId,
      executionId: task.executionId,
      processInstanceId: task.processInstanceId,
      processDefinitionId: task.processDefinitionId,
      processDefinitionKey: task.processDefinitionKey,
      tenantId: task.tenantId,
    });
    return id;
  }

  activityEnded(activity: ActivityState, end: ActivityEnd): void {
    this.recordActivity(activity, this.work.now, end);
  }

  variableSet(
    scope: ActivityState,
    name: string,
    variable: VariableState,
    state: 'CREATED' | 'DELETED',
  ): void {
    const { record } = this.definition;
    this.work.changes.historicVariables.set(variable.id, {
      id: variable.id,
      name,
      value: variable.value,
      processDefinitionId: record.id,
      processDefinitionKey: record.key,
      processInstanceId: this.instance.id,
      executionId: scope.executionId,
      activityInstanceId: variable.shownIn ?? scope.id,
      createTime: variable.createTime,
      state,
    });
  }

  private recordInstance(
    state: HistoricInstanceState,
    endTime: number | null,
    endActivityId: string | null,
    deleteReason: string | null,
  ): void {
    const { record } = this.definition;
    const { id, businessKey, startTime, startActivityId, tenantId, caller } = this.instance.header;
    const days = record.historyTimeToLive;
    this.work.changes.historicInstances.set(id, {
      id,
      businessKey,
      processDefinitionId: record.id,
      processDefinitionKey: record.key,
      processDefinitionName: record.name,
      processDefinitionVersion: record.version,
      startTime,
      endTime,
      removalTime: endTime === null || days === null ? null : endTime + days * MS_PER_DAY,
      startActivityId,
      endActivityId,
      deleteReason,
      superProcessInstanceId: caller?.processInstanceId ?? null,
      rootProcessInstanceId: caller?.rootProcessInstanceId ?? id,
      tenantId,
      state,
    });
  }

  private recordActivity(activity: ActivityState, endTime: number | null, end: ActivityEnd): void {
    const { record } = this.definition;
    const node = this.definition.node(activity.nodeId);
    const userTask = this.userTaskOf(activity);
    this.work.changes.historicActivities.set(activity.id, {
      id: activity.id,
      parentActivityInstanceId: activity.parent?.id ?? this.instance.id,
      activityId: node.id,
      activityName: node.name,
      activityType: node.activityType,
      processDefinitionId: record.id,
      processDefinitionKey: record.key,
      processInstanceId: this.instance.id,
      executionId: activity.executionId,
      taskId: userTask?.id ?? null,
      assignee: userTask?.assignee ?? null,
      calledProcessInstanceId: activity.calledInstanceId,
      startTime: activity.startTime,
      endTime,
      canceled: end.canceled,
      sequence: activity.sequence,
      completeScope: end.completeScope,
    });
  }

  private userTaskOf(activity: ActivityState): UserTaskRecord | undefined {
    const wait = activity.waits?.find(({ kind }) => kind === 'userTask');
    return wait === undefined ? undefined : this.work.userTask(wait.id);
  }
}
