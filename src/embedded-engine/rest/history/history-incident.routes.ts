import { HISTORIC_INCIDENT_QUERY, type HistoricIncident } from '../../query/historic-incident.query.js';
import type { HistoryService } from '../../history/history.service.js';
import type { HistoricInstanceRecord } from '../../state/records.types.js';
import { formatDate, formatNullableDate } from '../http/date.format.js';
import type { Route } from '../http/engine.router.js';
import { jobDefinitionIdOf } from '../jobs/job-definition.id.js';
import { queryRoutes } from '../query/query.routes.js';
import { instanceFields } from './history.fields.js';

/** `/history/incident`. */
export function historicIncidentRoutes(history: HistoryService): readonly Route[] {
  return queryRoutes(
    HISTORIC_INCIDENT_QUERY,
    history.incidents,
    (incident) => presentHistoricIncident(incident, history.findInstance(incident.processInstanceId)),
    { post: false },
  );
}

/** HistoricIncidentDto. */
function presentHistoricIncident(
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
