import type { HistoricInstanceState } from '../persist/records.types.js';
import type { ActivityState, VariableState } from './activity.state.js';
import type { ExecutableDefinition } from './executable-definition.js';
import type { ProcessInstanceState } from './process-instance.state.js';
import type { UnitOfWork } from './unit-of-work.js';

const MS_PER_DAY = 86_400_000;

/** How an activity instance ended. */
export interface ActivityEnd {
  readonly canceled: boolean;
  readonly completeScope: boolean;
}

/** Writes what happens to one instance as whole history records; a later record of an id replaces the earlier. */
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

  activityStarted(activity: ActivityState): void {
    this.recordActivity(activity, null, { canceled: false, completeScope: false });
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
      activityInstanceId: scope.id,
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
    const { id, businessKey, startTime, startActivityId, tenantId } = this.instance.header;
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
      superProcessInstanceId: null,
      rootProcessInstanceId: id,
      tenantId,
      state,
    });
  }

  private recordActivity(activity: ActivityState, endTime: number | null, end: ActivityEnd): void {
    const { record } = this.definition;
    const node = this.definition.node(activity.nodeId);
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
      startTime: activity.startTime,
      endTime,
      canceled: end.canceled,
      completeScope: end.completeScope,
    });
  }
}
