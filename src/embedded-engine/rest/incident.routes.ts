import type { IncidentQuery } from '../runtime/incident.query.js';
import type { RuntimeService } from '../runtime/runtime.service.js';
import type { IncidentRecord } from '../state/records.types.js';
import type { Route } from './engine.router.js';
import { ok } from './http.types.js';
import { list, text } from './json.reader.js';
import { presentIncident } from './process-instance.presenter.js';
import { date, type FilterTable } from './query.reader.js';
import { queryRoutes } from './query.routes.js';
import { notFound } from './rest.error.js';

const FILTERS: FilterTable<IncidentQuery> = {
  incidentId: text,
  incidentType: text,
  incidentMessage: text,
  incidentMessageLike: text,
  processDefinitionId: text,
  processDefinitionKeyIn: list,
  processInstanceId: text,
  executionId: text,
  activityId: text,
  failedActivityId: text,
  causeIncidentId: text,
  rootCauseIncidentId: text,
  configuration: text,
  incidentTimestampBefore: date,
  incidentTimestampAfter: date,
  tenantIdIn: list,
};

/** `/incident`. */
export function incidentRoutes(runtime: RuntimeService): readonly Route[] {
  return [
    ...queryRoutes<IncidentQuery, IncidentRecord>(
      {
        path: '/incident',
        filters: FILTERS,
        sortKeys: [
          'incidentId',
          'incidentTimestamp',
          'incidentType',
          'activityId',
          'processInstanceId',
          'processDefinitionId',
        ],
        find: (query) => runtime.findIncidents(query),
        count: (query) => runtime.countIncidents(query),
        present: presentIncident,
      },
      ['GET'],
    ),
    {
      method: 'GET',
      path: '/incident/:id',
      handle: (call) => {
        const incident = runtime.findIncident(call.param('id'));
        if (incident === null) throw notFound(`No matching incident with id ${call.param('id')}`);
        return ok(presentIncident(incident));
      },
    },
  ];
}
