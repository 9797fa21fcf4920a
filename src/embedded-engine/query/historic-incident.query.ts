import type { HistoricIncidentRecord } from '../state/records.types.js';
import { above, below, equals, hasValue, like, oneOf } from './define/filters.js';
import { defineQuery, type QueryOf } from './define/query.definition.js';

/** An incident with what its process instance says of it. */
export interface HistoricIncident extends HistoricIncidentRecord {
  readonly processDefinitionKey: string;
}

/** Incidents, open and past. */
export const HISTORIC_INCIDENT_QUERY = defineQuery<HistoricIncident, unknown>()({
  path: '/history/incident',
  filters: {
    incidentId: equals('id'),
    incidentType: equals('incidentType'),
    incidentMessage: equals('incidentMessage'),
    incidentMessageLike: like('incidentMessage'),
    processDefinitionId: equals('processDefinitionId'),
    processDefinitionKey: equals('processDefinitionKey'),
    processDefinitionKeyIn: oneOf('processDefinitionKey'),
    processInstanceId: equals('processInstanceId'),
    executionId: equals('executionId'),
    activityId: equals('activityId'),
    failedActivityId: equals('failedActivityId'),
    causeIncidentId: equals('causeIncidentId'),
    rootCauseIncidentId: equals('rootCauseIncidentId'),
    configuration: equals('configuration'),
    open: hasValue('state', 'OPEN'),
    resolved: hasValue('state', 'RESOLVED'),
    deleted: hasValue('state', 'DELETED'),
    createTimeBefore: below('incidentTimestamp'),
    createTimeAfter: above('incidentTimestamp'),
    endTimeBefore: below('endTime'),
    endTimeAfter: above('endTime'),
    tenantIdIn: oneOf('tenantId'),
  },
  sort: {
    incidentId: 'id',
    incidentMessage: 'incidentMessage',
    createTime: 'incidentTimestamp',
    endTime: 'endTime',
    incidentType: 'incidentType',
    executionId: 'executionId',
    activityId: 'activityId',
    processInstanceId: 'processInstanceId',
    processDefinitionId: 'processDefinitionId',
    processDefinitionKey: 'processDefinitionKey',
    causeIncidentId: 'causeIncidentId',
    rootCauseIncidentId: 'rootCauseIncidentId',
    configuration: 'configuration',
    tenantId: 'tenantId',
    incidentState: 'state',
  },
  unserved: 'historyConfiguration jobDefinitionIdIn withoutTenantId',
});

export type HistoricIncidentQuery = QueryOf<typeof HISTORIC_INCIDENT_QUERY>;
