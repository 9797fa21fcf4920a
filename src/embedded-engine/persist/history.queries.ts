import type {
  HistoricActivityQuery,
  HistoricInstanceQuery,
  HistoricVariableQuery,
} from '../core/engine-api.types.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from '../core/record.query.js';
import type { InstanceHistory } from './instance-history.types.js';
import type {
  HistoricActivityRecord,
  HistoricInstanceRecord,
  HistoricVariableRecord,
} from './records.types.js';

/** Names that a query may be sorted by. */
export type SortKeyOf<Q extends { readonly sorting?: readonly { readonly sortBy: string }[] | undefined }> =
  NonNullable<Q['sorting']>[number]['sortBy'];

/** Milliseconds; null while it runs. */
export function duration({
  startTime,
  endTime,
}: {
  readonly startTime: number;
  readonly endTime: number | null;
}): number | null {
  return endTime === null ? null : endTime - startTime;
}

export const instanceRules: FilterRules<InstanceHistory, HistoricInstanceQuery> = {
  processInstanceId: ({ record }, id) => record.id === id,
  processInstanceIds: ({ record }, ids) => ids.includes(record.id),
  processInstanceBusinessKey: ({ record }, key) => record.businessKey === key,
  processInstanceBusinessKeyIn: ({ record }, keys) =>
    record.businessKey !== null && keys.includes(record.businessKey),
  processInstanceBusinessKeyLike: ({ record }, pattern) => isLike(record.businessKey, pattern),
  processDefinitionId: ({ record }, id) => record.processDefinitionId === id,
  processDefinitionKey: ({ record }, key) => record.processDefinitionKey === key,
  processDefinitionKeyIn: ({ record }, keys) => keys.includes(record.processDefinitionKey),
  processDefinitionKeyNotIn: ({ record }, keys) => !keys.includes(record.processDefinitionKey),
  processDefinitionName: ({ record }, name) => record.processDefinitionName === name,
  processDefinitionNameLike: ({ record }, pattern) => isLike(record.processDefinitionName, pattern),
  finished: ({ record }) => record.endTime !== null,
  unfinished: ({ record }) => record.endTime === null,
  stateIn: ({ record }, states) => states.includes(record.state),
  withIncidents: ({ hadIncident }) => hadIncident,
  executedActivityIdIn: ({ activities }, ids) =>
    [...activities.values()].some(({ activityId, endTime }) => endTime !== null && ids.includes(activityId)),
  activeActivityIdIn: ({ activities }, ids) =>
    [...activities.values()].some(({ activityId, endTime }) => endTime === null && ids.includes(activityId)),
  incidentStatus: ({ incidents }, status) =>
    [...(incidents?.values() ?? [])].some(({ endTime }) => (endTime === null) === (status === 'open')),
  startedAfter: ({ record }, time) => record.startTime >= time,
  startedBefore: ({ record }, time) => record.startTime <= time,
  finishedAfter: ({ record }, time) => record.endTime !== null && record.endTime >= time,
  finishedBefore: ({ record }, time) => record.endTime !== null && record.endTime <= time,
  rootProcessInstances: ({ record }) => record.superProcessInstanceId === null,
  superProcessInstanceId: ({ record }, id) => record.superProcessInstanceId === id,
  variables: ({ variables }, filters) => {
    const values = new Map([...variables.values()].map((variable) => [variable.name, variable.value]));
    return filters.every((filter) => matchesVariable(values, filter));
  },
  tenantIdIn: ({ record }, tenants) => record.tenantId !== null && tenants.includes(record.tenantId),
  withoutTenantId: ({ record }) => record.tenantId === null,
};

export const INSTANCE_SORT_KEYS: SortKeys<HistoricInstanceRecord, SortKeyOf<HistoricInstanceQuery>> = {
  instanceId: (record) => record.id,
  definitionId: (record) => record.processDefinitionId,
  definitionKey: (record) => record.processDefinitionKey,
  definitionName: (record) => record.processDefinitionName,
  definitionVersion: (record) => record.processDefinitionVersion,
  businessKey: (record) => record.businessKey,
  startTime: (record) => record.startTime,
  endTime: (record) => record.endTime,
  duration,
  tenantId: (record) => record.tenantId,
};

export const ACTIVITY_RULES: FilterRules<HistoricActivityRecord, HistoricActivityQuery> = {
  activityInstanceId: (record, id) => record.id === id,
  processInstanceId: (record, id) => record.processInstanceId === id,
  processInstanceIdIn: (record, ids) => ids.includes(record.processInstanceId),
  processDefinitionId: (record, id) => record.processDefinitionId === id,
  executionId: (record, id) => record.executionId === id,
  activityId: (record, id) => record.activityId === id,
  activityName: (record, name) => record.activityName === name,
  activityType: (record, type) => record.activityType === type,
  finished: (record) => record.endTime !== null,
  unfinished: (record) => record.endTime === null,
  canceled: (record) => record.canceled,
  completeScope: (record) => record.completeScope,
  startedAfter: (record, time) => record.startTime >= time,
  startedBefore: (record, time) => record.startTime <= time,
  finishedAfter: (record, time) => record.endTime !== null && record.endTime >= time,
  finishedBefore: (record, time) => record.endTime !== null && record.endTime <= time,
};

export const ACTIVITY_SORT_KEYS: SortKeys<HistoricActivityRecord, SortKeyOf<HistoricActivityQuery>> = {
  activityInstanceId: (record) => record.id,
  instanceId: (record) => record.processInstanceId,
  executionId: (record) => record.executionId,
  activityId: (record) => record.activityId,
  activityName: (record) => record.activityName,
  activityType: (record) => record.activityType,
  startTime: (record) => record.startTime,
  endTime: (record) => record.endTime,
  duration,
  definitionId: (record) => record.processDefinitionId,
  occurrence: (record) => record.sequence,
};

export const VARIABLE_RULES: FilterRules<
  HistoricVariableRecord,
  Omit<HistoricVariableQuery, 'includeDeleted'>
> = {
  id: (record, id) => record.id === id,
  processInstanceId: (record, id) => record.processInstanceId === id,
  processInstanceIdIn: (record, ids) => ids.includes(record.processInstanceId),
  processDefinitionId: (record, id) => record.processDefinitionId === id,
  processDefinitionKey: (record, key) => record.processDefinitionKey === key,
  variableName: (record, name) => record.name === name,
  variableNameIn: (record, names) => names.includes(record.name),
  variableNameLike: (record, pattern) => isLike(record.name, pattern),
  variableValue: (record, value) => record.value.value === value,
  variableTypeIn: (record, types) => types.includes(record.value.type),
  executionIdIn: (record, ids) => ids.includes(record.executionId),
  activityInstanceIdIn: (record, ids) => ids.includes(record.activityInstanceId),
};

export const VARIABLE_SORT_KEYS: SortKeys<HistoricVariableRecord, SortKeyOf<HistoricVariableQuery>> = {
  instanceId: (record) => record.processInstanceId,
  variableName: (record) => record.name,
};
