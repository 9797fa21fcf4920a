import type { Filter, Page } from '../query/query.types.js';
import { type FilterRules, isLike, type SortKeys } from '../query/record.query.js';
import type { IncidentRecord } from '../state/records.types.js';
import type { EngineState } from '../state/engine.state.js';

export type IncidentQuery = Filter<{
  incidentId: string;
  incidentType: string;
  incidentMessage: string;
  incidentMessageLike: string;
  processDefinitionId: string;
  processDefinitionKeyIn: readonly string[];
  processInstanceId: string;
  executionId: string;
  activityId: string;
  failedActivityId: string;
  causeIncidentId: string;
  rootCauseIncidentId: string;
  configuration: string;
  incidentTimestampBefore: number;
  incidentTimestampAfter: number;
  tenantIdIn: readonly string[];
}> &
  Page<
    | 'incidentId'
    | 'incidentTimestamp'
    | 'incidentType'
    | 'activityId'
    | 'processInstanceId'
    | 'processDefinitionId'
  >;

type IncidentSortKey = NonNullable<IncidentQuery['sorting']>[number]['sortBy'];

export const INCIDENT_SORT_KEYS: SortKeys<IncidentRecord, IncidentSortKey> = {
  incidentId: (incident) => incident.id,
  incidentTimestamp: (incident) => incident.incidentTimestamp,
  incidentType: (incident) => incident.incidentType,
  activityId: (incident) => incident.activityId,
  processInstanceId: (incident) => incident.processInstanceId,
  processDefinitionId: (incident) => incident.processDefinitionId,
};

/** The filters of incidents. */
export function incidentRules(state: EngineState): FilterRules<IncidentRecord, IncidentQuery> {
  return {
    incidentId: (incident, id) => incident.id === id,
    incidentType: (incident, type) => incident.incidentType === type,
    incidentMessage: (incident, message) => incident.incidentMessage === message,
    incidentMessageLike: (incident, pattern) => isLike(incident.incidentMessage, pattern),
    processDefinitionId: (incident, id) => incident.processDefinitionId === id,
    processDefinitionKeyIn: (incident, keys) =>
      keys.includes(state.definition(incident.processDefinitionId)?.record.key ?? ''),
    processInstanceId: (incident, id) => incident.processInstanceId === id,
    executionId: (incident, id) => incident.executionId === id,
    activityId: (incident, id) => incident.activityId === id,
    failedActivityId: (incident, id) => incident.failedActivityId === id,
    causeIncidentId: (incident, id) => incident.causeIncidentId === id,
    rootCauseIncidentId: (incident, id) => incident.rootCauseIncidentId === id,
    configuration: (incident, configuration) => incident.configuration === configuration,
    incidentTimestampBefore: (incident, time) => incident.incidentTimestamp < time,
    incidentTimestampAfter: (incident, time) => incident.incidentTimestamp > time,
    tenantIdIn: (incident, tenants) => incident.tenantId !== null && tenants.includes(incident.tenantId),
  };
}
