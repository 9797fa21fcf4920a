import type { Filter, Page, SortKeyOf, VariableFilter } from '../query/query.types.js';
import { type FilterRules, isLike, matchesVariable, type SortKeys } from '../query/record.query.js';
import type { HistoricInstanceRecord, HistoricInstanceState } from '../state/records.types.js';
import { duration } from './duration.js';
import type { InstanceHistory } from './instance-history.types.js';

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
