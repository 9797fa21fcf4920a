import { INCIDENT_QUERY } from '../../query/incident.query.js';
import type { RuntimeService } from '../../runtime/runtime.service.js';
import type { IncidentRecord } from '../../state/records.types.js';
import { formatDate } from '../http/date.format.js';
import { get, type Route } from '../http/engine.router.js';
import { ok } from '../http/http.types.js';
import { notFound, raise } from '../http/rest.error.js';
import { jobDefinitionIdOf } from '../jobs/job-definition.id.js';
import { queryRoutes } from '../query/query.routes.js';

/** `/incident`. */
export function incidentRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes(INCIDENT_QUERY, runtime.incidents, presentIncident, { post: false }),
    get('/incident/:id', (call) => {
      const id = call.param('id');
      const incident = runtime.findIncident(id);
      return ok(presentIncident(incident ?? raise(notFound(`No matching incident with id ${id}`))));
    }),
  ];
}

/** IncidentDto. */
function presentIncident(incident: IncidentRecord): Record<string, unknown> {
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
