import type { Filter, Page, SortKeyOf } from '../query/query.types.js';
import { type FilterRules, isLike, isOneOf, type SortKeys } from '../query/record.query.js';
import type { HistoricIncidentRecord } from '../state/records.types.js';
import type { OfInstance } from './instance-history.types.js';

export type HistoricIncidentQuery = Filter<{
  incidentId: string;
  incidentType: string;
  incidentMessage: string;
  incidentMessageLike: string;
  processDefinitionId: string;
  processDefinitionKey: string;
  processDefinitionKeyIn: readonly string[];
  processInstanceId: string;
  executionId: string;
  activityId: string;
  failedActivityId: string;
  causeIncidentId: string;
  rootCauseIncidentId: string;
  configuration: string;
  open: true;
  resolved: true;
  deleted: true;
  createTimeBefore: number;
  createTimeAfter: number;
  endTimeBefore: number;
  endTimeAfter: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'incidentId'
    | 'incidentMessage'
    | 'createTime'
    | 'endTime'
    | 'incidentType'
    | 'executionId'
    | 'activityId'
    | 'processInstanceId'
    | 'processDefinitionId'
    | 'processDefinitionKey'
    | 'causeIncidentId'
    | 'rootCauseIncidentId'
    | 'configuration'
    | 'tenantId'
    | 'incidentState'
  >;

type HistoricIncident = OfInstance<HistoricIncidentRecord>;

export const INCIDENT_RULES: FilterRules<HistoricIncident, HistoricIncidentQuery> = {
  incidentId: ({ record }, id) => record.id === id,
  incidentType: ({ record }, type) => record.incidentType === type,
  incidentMessage: ({ record }, message) => record.incidentMessage === message,
  incidentMessageLike: ({ record }, pattern) => isLike(record.incidentMessage, pattern),
  processDefinitionId: ({ record }, id) => record.processDefinitionId === id,
  processDefinitionKey: ({ instance }, key) => instance.processDefinitionKey === key,
  processDefinitionKeyIn: ({ instance }, keys) => keys.includes(instance.processDefinitionKey),
  processInstanceId: ({ record }, id) => record.processInstanceId === id,
  executionId: ({ record }, id) => record.executionId === id,
  activityId: ({ record }, id) => record.activityId === id,
  failedActivityId: ({ record }, id) => record.failedActivityId === id,
  causeIncidentId: ({ record }, id) => record.causeIncidentId === id,
  rootCauseIncidentId: ({ record }, id) => record.rootCauseIncidentId === id,
  configuration: ({ record }, id) => record.configuration === id,
  open: ({ record }) => record.state === 'OPEN',
  resolved: ({ record }) => record.state === 'RESOLVED',
  deleted: ({ record }) => record.state === 'DELETED',
  createTimeBefore: ({ record }, time) => record.incidentTimestamp < time,
  createTimeAfter: ({ record }, time) => record.incidentTimestamp > time,
  endTimeBefore: ({ record }, time) => record.endTime !== null && record.endTime < time,
  endTimeAfter: ({ record }, time) => record.endTime !== null && record.endTime > time,
  tenantIdIn: ({ record }, tenants) => isOneOf(record.tenantId, tenants),
};

export const INCIDENT_SORT_KEYS: SortKeys<HistoricIncident, SortKeyOf<HistoricIncidentQuery>> = {
  incidentId: ({ record }) => record.id,
  incidentMessage: ({ record }) => record.incidentMessage,
  createTime: ({ record }) => record.incidentTimestamp,
  endTime: ({ record }) => record.endTime,
  incidentType: ({ record }) => record.incidentType,
  executionId: ({ record }) => record.executionId,
  activityId: ({ record }) => record.activityId,
  processInstanceId: ({ record }) => record.processInstanceId,
  processDefinitionId: ({ record }) => record.processDefinitionId,
  processDefinitionKey: ({ instance }) => instance.processDefinitionKey,
  causeIncidentId: ({ record }) => record.causeIncidentId,
  rootCauseIncidentId: ({ record }) => record.rootCauseIncidentId,
  configuration: ({ record }) => record.configuration,
  tenantId: ({ record }) => record.tenantId,
  incidentState: ({ record }) => record.state,
};
