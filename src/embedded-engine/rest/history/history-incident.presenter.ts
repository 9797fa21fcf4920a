import type { HistoricIncident } from '../../query/historic-incident.query.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import { jobDefinitionIdOf } from '../jobs/job-definition.id.js';
import { instanceFields } from './history.fields.js';

/** HistoricIncidentDto. */
export function presentHistoricIncident(
  incident: HistoricIncident,
  instance: HistoricInstanceRecord | null,
): Record<string, unknown> {
  return {
    id: incident.id,
    processDefinitionKey: incident.processDefinitionKey,
    processDefinitionId: incident.processDefinitionId,
    processInstanceId: incident.processInstanceId,
    executionId: incident.executionId,
    createTime: formatDate(incident.incidentTimestamp),
    endTime: formatNullableDate(incident.endTime),
    incidentType: incident.incidentType,
    activityId: incident.activityId,
    failedActivityId: incident.failedActivityId,
    causeIncidentId: incident.causeIncidentId,
    rootCauseIncidentId: incident.rootCauseIncidentId,
    configuration: incident.configuration,
    historyConfiguration: incident.historyConfiguration,
    incidentMessage: incident.incidentMessage,
    jobDefinitionId: jobDefinitionIdOf(incident),
    open: incident.state === 'OPEN',
    deleted: incident.state === 'DELETED',
    resolved: incident.state === 'RESOLVED',
    annotation: null,
    ...instanceFields(incident.processInstanceId, instance),
    tenantId: incident.tenantId,
  };
}
