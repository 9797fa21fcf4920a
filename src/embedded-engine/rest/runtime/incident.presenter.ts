import type { IncidentRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import { jobDefinitionIdOf } from '../jobs/job-definition.id.js';

/** IncidentDto. */
export function presentIncident(incident: IncidentRecord): Record<string, unknown> {
  return {
    id: incident.id,
    processDefinitionId: incident.processDefinitionId,
    processInstanceId: incident.processInstanceId,
    executionId: incident.executionId,
    incidentTimestamp: formatDate(incident.incidentTimestamp),
    incidentType: incident.incidentType,
    activityId: incident.activityId,
    failedActivityId: incident.failedActivityId,
    causeIncidentId: incident.causeIncidentId,
    rootCauseIncidentId: incident.rootCauseIncidentId,
    configuration: incident.configuration,
    incidentMessage: incident.incidentMessage,
    tenantId: incident.tenantId,
    jobDefinitionId: jobDefinitionIdOf(incident),
    annotation: null,
  };
}
