import type {
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricVariableRecord,
} from '../persist/records.types.js';
import { formatDate, formatNullableDate } from './date.format.js';
import { writeVariable } from './variable.mapper.js';

function duration(record: { readonly startTime: number; readonly endTime: number | null }): number | null {
  return record.endTime === null ? null : record.endTime - record.startTime;
}

/** HistoricProcessInstanceDto. */
export function presentHistoricInstance(instance: HistoricInstanceRecord): Record<string, unknown> {
  return {
    id: instance.id,
    businessKey: instance.businessKey,
    processDefinitionId: instance.processDefinitionId,
    processDefinitionKey: instance.processDefinitionKey,
    processDefinitionName: instance.processDefinitionName,
    processDefinitionVersion: instance.processDefinitionVersion,
    startTime: formatDate(instance.startTime),
    endTime: formatNullableDate(instance.endTime),
    removalTime: formatNullableDate(instance.removalTime),
    durationInMillis: duration(instance),
    startUserId: null,
    startActivityId: instance.startActivityId,
    deleteReason: instance.deleteReason,
    rootProcessInstanceId: instance.rootProcessInstanceId,
    superProcessInstanceId: instance.superProcessInstanceId,
    superCaseInstanceId: null,
    caseInstanceId: null,
    tenantId: instance.tenantId,
    state: instance.state,
    restartedProcessInstanceId: null,
  };
}

/** HistoricActivityInstanceDto. */
export function presentHistoricActivity(activity: HistoricActivityRecord): Record<string, unknown> {
  return {
    id: activity.id,
    parentActivityInstanceId: activity.parentActivityInstanceId,
    activityId: activity.activityId,
    activityName: activity.activityName,
    activityType: activity.activityType,
    processDefinitionKey: activity.processDefinitionKey,
    processDefinitionId: activity.processDefinitionId,
    processInstanceId: activity.processInstanceId,
    executionId: activity.executionId,
    taskId: null,
    calledProcessInstanceId: null,
    calledCaseInstanceId: null,
    assignee: null,
    startTime: formatDate(activity.startTime),
    endTime: formatNullableDate(activity.endTime),
    durationInMillis: duration(activity),
    canceled: activity.canceled,
    completeScope: activity.completeScope,
    tenantId: null,
    removalTime: null,
    rootProcessInstanceId: activity.processInstanceId,
  };
}

/** HistoricVariableInstanceDto. */
export function presentHistoricVariable(variable: HistoricVariableRecord): Record<string, unknown> {
  return {
    ...writeVariable(variable.value),
    id: variable.id,
    name: variable.name,
    processDefinitionKey: variable.processDefinitionKey,
    processDefinitionId: variable.processDefinitionId,
    processInstanceId: variable.processInstanceId,
    executionId: variable.executionId,
    activityInstanceId: variable.activityInstanceId,
    caseDefinitionKey: null,
    caseDefinitionId: null,
    caseInstanceId: null,
    caseExecutionId: null,
    taskId: null,
    errorMessage: null,
    tenantId: null,
    state: variable.state,
    createTime: formatDate(variable.createTime),
    removalTime: null,
    rootProcessInstanceId: variable.processInstanceId,
  };
}
